/**
 * Goes on with a value that may have to be waited for: at once when it is here. A promise costs a turn of
 * the event loop's microtasks; what is asked a hundred thousand times a second and is nearly always
 * here should not pay for it.
 */
export function settled<Value, Result>(
  value: Value | Promise<Value>,
  goOn: (value: Value) => Result | Promise<Result>,
): Result | Promise<Result> {
  return value instanceof Promise ? value.then(goOn) : goOn(value);
}

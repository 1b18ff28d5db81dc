/** An address where a URI has a host: IPv6 in brackets (RFC 3986 section 3.2.2). */
export function hostInUri(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** `address:port`, with brackets around IPv6. */
export function hostAndPort(address: string, port: number): string {
  return `${hostInUri(address)}:${port}`;
}

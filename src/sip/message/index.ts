/** The SIP message layer: framing, lazy parsing, editing, building. Pure: bytes in, data out. */
export { type CSeq } from './cseq.ts';
export { type AuthValue, formatAuth, parseAuth } from './auth.ts';
export {
  type HeaderField,
  type RequestParts,
  type ResponseParts,
  buildRequest,
  acknowledgesStateless,
  buildResponse,
} from './build.ts';
export {
  decodeText,
  detach,
  encodeText,
  isToken,
  quote,
  sameText,
  unfold,
  unquote,
} from './characters.ts';
export { type HeaderEdit, edit } from './edit.ts';
export { SipSyntaxError, type SyntaxLayer } from './errors.ts';
export { type FrameEvent, type FrameFault, StreamFramer, parseMessage } from './framer.ts';
export { type Limits, defaultLimits, serverLimits } from './limits.ts';
export { splitList } from './list.ts';
export { SipMessage, SipRequest, SipResponse, isRequest, isResponse } from './message.ts';
export { NameAddr, type NameAddrParts, formatNameAddr, parseNameAddr } from './name-addr.ts';
export { type Params, parseParams } from './params.ts';
export { reasonOf } from './reasons.ts';
export { type MessageFault, validate } from './validate.ts';
export {
  type SipUri,
  aorOf,
  escapeUser,
  formatUri,
  parseUri,
  sameUri,
  schemeOf,
  unescapeUri,
} from './uri.ts';
export { Via, parseVia } from './via.ts';

import type { Check } from './record.ts';
import { autodiscoverRoot } from '../probes/web.ts';

/** The request of a web check. */
export function webRequest(check: Extract<Check, { site: string }>): string {
  return `GET ${autodiscoverRoot} HTTP/1.1\r\nHost: ${check.site}\r\nUser-Agent: Usher health probe\r\nConnection: close\r\n\r\n`;
}

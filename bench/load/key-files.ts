/** PEM files one end of a mutual-TLS connection proves itself with, and judges the other by. */
export interface KeyFiles {
  readonly certificate: string;
  readonly key: string;
  readonly ca: string;
}

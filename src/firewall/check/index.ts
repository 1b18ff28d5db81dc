export { check } from './check.ts';
export type { Checked, Why } from './check.ts';
export { parseCertificate, printCertificate } from './file.ts';

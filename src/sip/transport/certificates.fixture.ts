import 'reflect-metadata';

import { webcrypto } from 'node:crypto';
import type { TlsOptions } from 'node:tls';

import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  cryptoProvider,
} from '@peculiar/x509';
import type { X509Certificate } from '@peculiar/x509';

/** Key, certificate and CA of one host, PEM. */
export interface TestCredentials {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function keys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

/** A CA for one test run, and what it has issued. */
export class TestAuthority {
  readonly #keys: webcrypto.CryptoKeyPair;
  readonly #certificate: X509Certificate;
  #serial = 1;

  private constructor(pair: webcrypto.CryptoKeyPair, certificate: X509Certificate) {
    this.#keys = pair;
    this.#certificate = certificate;
  }

  static async create(): Promise<TestAuthority> {
    cryptoProvider.set(webcrypto);
    const pair = await keys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=Test CA',
      serialNumber: '01',
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
      keys: pair,
      signingAlgorithm: algorithm,
      extensions: [new BasicConstraintsExtension(true, undefined, true)],
    });
    return new TestAuthority(pair, certificate);
  }

  async issue(name: string): Promise<TestCredentials> {
    const pair = await keys();
    this.#serial += 1;
    const certificate = await X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: this.#certificate.subject,
      serialNumber: this.#serial.toString(16).padStart(4, '0'),
      notBefore: new Date(Date.now() - 60_000),
      notAfter: new Date(Date.now() + 3_600_000),
      publicKey: pair.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', pair.privateKey);
    return {
      key: PemConverter.encode(key, 'PRIVATE KEY'),
      cert: certificate.toString('pem'),
      ca: this.#certificate.toString('pem'),
    };
  }
}

/** Server options that ask for a certificate and leave the verdict to the admission. */
export function serverOptions(credentials: TestCredentials): TlsOptions {
  return { ...credentials, requestCert: true, rejectUnauthorized: false };
}

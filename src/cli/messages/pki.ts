import type { Language } from '#base';
import type { HostInventory } from '#trust';

type State = HostInventory['state'];

const en = {
  description: 'create the CA; issue, renew, revoke and show certificates',
  topology: 'topology file (default ./topology.yaml)',
  host: 'FQDN of the host, as the topology writes it',
  about: `
One CA and one certificate a host, under DIR/pki of the state directory. A peer is a trusted server
only if its certificate chains to this CA, is not revoked and names a host whose flow ends there.
"usher up" does what "init" does; the other commands are for production and for repair.

Examples:
  usher pki init                              CA and certificates for every host of ./topology.yaml
  usher pki show --check                      what there is; exit status 1 when something is wrong
  usher pki renew                             replace what has less than 30 days left (cron it)
  usher pki issue dir01.contoso.net           a new certificate and key for one host
  usher pki revoke dir01.contoso.net --reason keyCompromise

With a CA of your own (trust.caFile in the topology):
  usher pki request dir01.contoso.net > dir01.csr
  usher pki import dir01.contoso.net --certificate dir01.crt

docs/trust.md has the files, the rules and what to copy to which host.`,
  init: {
    description: 'create the CA, the revocation list and every certificate that is missing',
    help: `
Makes the pool secret as well, which every host of the deployment needs a copy of.
Does nothing where all is well, so it may run at any time and by two processes at once.
A certificate somebody else put in place stays, and so does a revoked one; both are reported.

Example:
  usher pki init topology.yaml --state ./state`,
  },
  issue: {
    description: 'issue a new certificate and key to one host',
    force: 'also replace a certificate this CA did not issue',
    help: `
The old certificate stays valid until it ends.

Example, when the key may be known to others (revoke first):
  usher pki revoke dir01.contoso.net --reason keyCompromise
  usher pki issue dir01.contoso.net
then have every host read the revocation list: SIGHUP (systemctl reload), or a restart.`,
  },
  renew: {
    description: 'renew what has less than 30 days left or names the host differently now',
    all: 'every certificate of this CA, however long it lasts',
    help: `
Certificates last 398 days. Run this once a day; it does nothing until something is due.
The revocation list is signed anew as well when less than 30 days are left.

Examples:
  usher pki renew topology.yaml
  usher pki renew --all`,
  },
  revoke: {
    description: 'put the certificates of a host, or one by its serial number, on the list',
    host: 'host whose certificates, all of them, are revoked',
    serial: 'one certificate by its serial number (see: usher pki show --json)',
    reason: 'why (RFC 5280)',
    help: `
A revoked peer is refused on every mutual-TLS listener, on those that let in clients without
certificate too. Running hosts read the list at start and on SIGHUP. A revocation is final:
the host needs a new certificate (usher pki issue HOST).

Examples:
  usher pki revoke dir01.contoso.net --reason keyCompromise
  usher pki revoke --serial 50752B09928EE3689729E90D576CC25E --reason superseded`,
    needsTarget: 'name a host or --serial, one of the two',
  },
  show: {
    description: 'show CA, revocation list and the certificate of every host',
    topology: 'topology file (default ./topology.yaml, else the Contoso example)',
    unknownHost: (fqdn: string) => `the topology has no host ${fqdn}`,
    json: 'print JSON',
    check: 'exit status 1 unless every host is in order',
    onlyHost: 'only this host',
    help: `
Examples:
  usher pki show
  usher pki show --host dir01.contoso.net --json
  usher pki show --check && echo in order

States:
  good            in order
  due             less than 30 days left: usher pki renew
  names-changed   the topology names the host differently now: usher pki renew
  missing         no certificate yet: usher pki init
  foreign-ca      not issued by the configured CA; peers refuse it
  name-missing    does not name the host; peers refuse it
  revoked, expired, not-yet-valid, wrong-purpose     peers refuse it
  key-mismatch, unusable                             the host cannot start
  key-exposed     other accounts can read the key
  no-revocation-list, revocation-list-outdated       see trust.crlFile`,
  },
  import: {
    description: 'put a certificate of an outside CA in place for a host',
    certificate: 'PEM file: the certificate first, then intermediates',
    key: 'PEM file of its key (default: the key of "usher pki request")',
    force: 'accept a certificate that peers will refuse',
    help: `
Checked before anything is written: key and certificate belong together, the chain ends at the
configured CA (trust.caFile), the certificate names the host and is in force.

Example:
  usher pki import dir01.contoso.net --certificate dir01.crt`,
  },
  request: {
    description: 'make a key and a certificate request (PKCS #10) for an outside CA',
    fresh: 'throw a pending request and its key away',
    help: `
Prints the request; the key stays under DIR/pki/requests until "usher pki import" needs it.
Asked again, it prints the same request. The names in it follow the topology; the CA has to
keep all of them as subjectAltName and add serverAuth (clientAuth is welcome, not required).

Example:
  usher pki request dir01.contoso.net > dir01.csr`,
  },
  created: 'Created a CA.',
  issued: (fqdn: string) => `issued   ${fqdn}`,
  kept: (fqdn: string, state: State) => `kept     ${fqdn}: ${en.states[state]}`,
  nothing: 'Nothing to do: every host has a good certificate.',
  outside: 'The topology brings its own certificates (trust): nothing is issued here.',
  revoked: (subject: string, serial: string) => `revoked  ${subject}, serial ${serial}`,
  alreadyRevoked: 'Nothing new: every such certificate is revoked or has ended.',
  reload: 'Running hosts go by the new list after SIGHUP (systemctl reload) or a restart.',
  imported: (fqdn: string, until: string) => `imported ${fqdn}, valid until ${until}`,
  warning: 'warning',
  pending: (file: string) => `The pending request, again (${file}); --fresh makes a new one.`,
  requested: (file: string) => `Request in ${file}, its key beside it.`,
  ca: 'CA',
  list: 'List',
  noCa: 'none yet: usher pki init',
  noList: 'none',
  revokedCount: (count: number, next: string) => `${count} revoked; next list due ${next}`,
  until: 'until',
  columns: ['host', 'role', 'valid until', 'state', 'names'],
  more: (count: number) => `+${count}`,
  /** What to do about a state; empty where there is nothing to do. */
  remedy: (state: State, fqdn: string, file: string): string => {
    const refused = `Peers refuse ${fqdn}.`;
    const remedies: Record<State, string> = {
      good: '',
      missing: `Run: usher pki init, or put the certificate in place as ${file}`,
      due: 'Run: usher pki renew',
      'names-changed': 'Run: usher pki renew',
      'key-mismatch': `${fqdn} cannot start. Run: usher pki issue ${fqdn}`,
      revoked: `${refused} When that is to end: usher pki issue ${fqdn}`,
      foreign: `${refused} To replace it: usher pki issue ${fqdn} --force`,
      'foreign-ca': `${refused} To replace it: usher pki issue ${fqdn} --force; or name its CA as trust.caFile`,
      expired: `${refused} Run: usher pki renew, or import a new certificate`,
      'not-yet-valid': `${refused} Check the clock, or import another certificate`,
      'wrong-purpose': `${refused} The certificate needs the extended key usage serverAuth`,
      'name-missing': `${refused} Its subjectAltName must hold ${fqdn}`,
      'key-exposed': `chmod 600 ${file.replace(/crt$/u, 'key')}`,
      'no-revocation-list': 'trust.crlFile must hold a list of the configured CA (PEM "X509 CRL")',
      'revocation-list-outdated':
        'What the list names stays revoked. Fetch the current one; for the CA of Usher: usher pki renew',
      unusable: `${fqdn} cannot start. Run: usher pki issue ${fqdn} --force, or put good files in place`,
    };
    return remedies[state];
  },
  states: {
    good: 'good',
    missing: 'missing',
    due: 'due',
    'names-changed': 'names changed',
    'key-mismatch': 'key mismatch',
    revoked: 'revoked',
    foreign: 'not of this CA',
    'foreign-ca': 'foreign CA',
    expired: 'expired',
    'not-yet-valid': 'not valid yet',
    'wrong-purpose': 'wrong purpose',
    'name-missing': 'host not named',
    'key-exposed': 'key exposed',
    'no-revocation-list': 'no revocation list',
    'revocation-list-outdated': 'revocation list outdated',
    unusable: 'unusable',
  } satisfies Record<State, string>,
};

const de: typeof en = {
  description: 'die CA anlegen; Zertifikate ausstellen, erneuern, sperren und zeigen',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml)',
  host: 'FQDN des Hosts, wie die Topologie ihn schreibt',
  about: `
Eine CA und ein Zertifikat je Host, unter DIR/pki im Zustandsverzeichnis. Eine Gegenstelle gilt nur
dann als vertrauter Server, wenn ihr Zertifikat zu dieser CA führt, nicht gesperrt ist und einen
Host nennt, dessen Verbindung hier endet. „usher up“ erledigt, was „init“ tut; die übrigen Befehle
sind für den Betrieb und für Reparaturen da.

Beispiele:
  usher pki init                              CA und Zertifikate für jeden Host aus ./topology.yaml
  usher pki show --check                      was da ist; Exit-Status 1, wenn etwas nicht stimmt
  usher pki renew                             ersetzen, was keine 30 Tage mehr gilt (per cron)
  usher pki issue dir01.contoso.net           neues Zertifikat und neuer Schlüssel für einen Host
  usher pki revoke dir01.contoso.net --reason keyCompromise

Mit einer eigenen CA (trust.caFile in der Topologie):
  usher pki request dir01.contoso.net > dir01.csr
  usher pki import dir01.contoso.net --certificate dir01.crt

docs/trust.md nennt die Dateien, die Regeln und was auf welchen Host gehört.`,
  init: {
    description: 'CA, Sperrliste und jedes fehlende Zertifikat anlegen',
    help: `
Erzeugt auch das Poolgeheimnis, von dem jeder Host der Umgebung eine Kopie braucht.
Ändert nichts, wo alles stimmt; darf also jederzeit und auch mehrfach gleichzeitig laufen.
Ein Zertifikat, das jemand anders abgelegt hat, bleibt liegen, ein gesperrtes ebenso; beides wird
gemeldet.

Beispiel:
  usher pki init topology.yaml --state ./state`,
  },
  issue: {
    description: 'einem Host ein neues Zertifikat mit neuem Schlüssel ausstellen',
    force: 'auch ein Zertifikat ersetzen, das nicht von dieser CA stammt',
    help: `
Das alte Zertifikat gilt weiter, bis es abläuft.

Beispiel, wenn sein Schlüssel bekannt sein könnte (erst sperren):
  usher pki revoke dir01.contoso.net --reason keyCompromise
  usher pki issue dir01.contoso.net
danach jeden Host die Sperrliste lesen lassen: SIGHUP (systemctl reload) oder Neustart.`,
  },
  renew: {
    description: 'erneuern, was keine 30 Tage mehr gilt oder den Host inzwischen anders nennt',
    all: 'jedes Zertifikat dieser CA, gleich wie lange es noch gilt',
    help: `
Zertifikate gelten 398 Tage. Einmal am Tag aufrufen; es geschieht nichts, solange nichts ansteht.
Auch die Sperrliste wird neu unterschrieben, wenn sie keine 30 Tage mehr gilt.

Beispiele:
  usher pki renew topology.yaml
  usher pki renew --all`,
  },
  revoke: {
    description: 'die Zertifikate eines Hosts oder eines nach Seriennummer sperren',
    host: 'Host, dessen Zertifikate sämtlich gesperrt werden',
    serial: 'ein einzelnes Zertifikat nach Seriennummer (siehe: usher pki show --json)',
    reason: 'Grund (RFC 5280)',
    help: `
Wer gesperrt ist, wird an jedem Zugang mit gegenseitigem TLS abgewiesen, auch dort, wo Clients ohne
Zertifikat hineindürfen. Laufende Hosts lesen die Liste beim Start und bei SIGHUP. Eine Sperre
ist endgültig: Der Host braucht ein neues Zertifikat (usher pki issue HOST).

Beispiele:
  usher pki revoke dir01.contoso.net --reason keyCompromise
  usher pki revoke --serial 50752B09928EE3689729E90D576CC25E --reason superseded`,
    needsTarget: 'entweder einen Host oder --serial nennen',
  },
  show: {
    description: 'CA, Sperrliste und das Zertifikat jedes Hosts zeigen',
    topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
    unknownHost: (fqdn) => `die Topologie hat keinen Host ${fqdn}`,
    json: 'JSON ausgeben',
    check: 'Exit-Status 1, sofern nicht jeder Host in Ordnung ist',
    onlyHost: 'nur dieser Host',
    help: `
Beispiele:
  usher pki show
  usher pki show --host dir01.contoso.net --json
  usher pki show --check && echo in Ordnung

Zustände (in JSON englisch):
  gut                      in Ordnung
  fällig                   keine 30 Tage mehr: usher pki renew
  Namen geändert           die Topologie nennt den Host inzwischen anders: usher pki renew
  fehlt                    noch kein Zertifikat: usher pki init
  fremde CA                nicht von der eingestellten CA; Gegenstellen weisen es ab
  Host nicht genannt       nennt den Host nicht; Gegenstellen weisen es ab
  gesperrt, abgelaufen, noch nicht gültig, falscher Zweck     Gegenstellen weisen es ab
  Schlüssel passt nicht, unbrauchbar                          der Host kann nicht starten
  Schlüssel offen          andere Konten können den Schlüssel lesen
  keine Sperrliste, Sperrliste veraltet                       siehe trust.crlFile`,
  },
  import: {
    description: 'ein Zertifikat einer fremden CA für einen Host ablegen',
    certificate: 'PEM-Datei: zuerst das Zertifikat, dann die Zwischenzertifikate',
    key: 'PEM-Datei des Schlüssels (Vorgabe: der Schlüssel aus „usher pki request“)',
    force: 'auch ein Zertifikat annehmen, das Gegenstellen abweisen werden',
    help: `
Geprüft wird, bevor etwas geschrieben wird: Schlüssel und Zertifikat gehören zusammen, die Kette
endet bei der eingestellten CA (trust.caFile), das Zertifikat nennt den Host und ist gültig.

Beispiel:
  usher pki import dir01.contoso.net --certificate dir01.crt`,
  },
  request: {
    description: 'Schlüssel und Zertifikatsantrag (PKCS #10) für eine fremde CA erzeugen',
    fresh: 'einen offenen Antrag samt Schlüssel verwerfen',
    help: `
Gibt den Antrag aus; der Schlüssel bleibt unter DIR/pki/requests, bis „usher pki import“ ihn
braucht. Ein zweiter Aufruf gibt denselben Antrag aus. Die Namen darin folgen der Topologie; die CA
muss sie alle als subjectAltName übernehmen und serverAuth setzen (clientAuth ist willkommen, aber
nicht nötig).

Beispiel:
  usher pki request dir01.contoso.net > dir01.csr`,
  },
  created: 'CA angelegt.',
  issued: (fqdn) => `ausgestellt  ${fqdn}`,
  kept: (fqdn, state) => `belassen     ${fqdn}: ${de.states[state]}`,
  nothing: 'Nichts zu tun: Jeder Host hat ein gutes Zertifikat.',
  outside: 'Die Topologie bringt eigene Zertifikate mit (trust): Hier wird nichts ausgestellt.',
  revoked: (subject, serial) => `gesperrt     ${subject}, Seriennummer ${serial}`,
  alreadyRevoked: 'Nichts Neues: Alle diese Zertifikate sind gesperrt oder abgelaufen.',
  reload:
    'Laufende Hosts richten sich nach SIGHUP (systemctl reload) oder Neustart nach der neuen Liste.',
  imported: (fqdn, until) => `übernommen   ${fqdn}, gültig bis ${until}`,
  warning: 'Warnung',
  pending: (file) => `Der offene Antrag noch einmal (${file}); --fresh erzeugt einen neuen.`,
  requested: (file) => `Antrag in ${file}, der Schlüssel daneben.`,
  ca: 'CA',
  list: 'Sperrliste',
  noCa: 'noch keine: usher pki init',
  noList: 'keine',
  revokedCount: (count, next) => `${count} gesperrt; nächste Liste fällig ${next}`,
  until: 'bis',
  columns: ['Host', 'Rolle', 'gültig bis', 'Zustand', 'Namen'],
  more: (count) => `+${count}`,
  remedy: (state, fqdn, file) => {
    const refused = `Gegenüber weisen ${fqdn} ab.`;
    const remedies: Record<State, string> = {
      good: '',
      missing: `Aufrufen: usher pki init, oder das Zertifikat als ${file} ablegen`,
      due: 'Aufrufen: usher pki renew',
      'names-changed': 'Aufrufen: usher pki renew',
      'key-mismatch': `${fqdn} kann nicht starten. Aufrufen: usher pki issue ${fqdn}`,
      revoked: `${refused} Soll das enden: usher pki issue ${fqdn}`,
      foreign: `${refused} Zum Ersetzen: usher pki issue ${fqdn} --force`,
      'foreign-ca': `${refused} Zum Ersetzen: usher pki issue ${fqdn} --force; oder seine CA als trust.caFile nennen`,
      expired: `${refused} Aufrufen: usher pki renew, oder ein neues Zertifikat übernehmen`,
      'not-yet-valid': `${refused} Die Uhr prüfen oder ein anderes Zertifikat übernehmen`,
      'wrong-purpose': `${refused} Das Zertifikat braucht die erweiterte Schlüsselverwendung serverAuth`,
      'name-missing': `${refused} Sein subjectAltName muss ${fqdn} enthalten`,
      'key-exposed': `chmod 600 ${file.replace(/crt$/u, 'key')}`,
      'no-revocation-list':
        'trust.crlFile muss eine Liste der eingestellten CA enthalten (PEM „X509 CRL“)',
      'revocation-list-outdated':
        'Was auf der Liste steht, bleibt gesperrt. Die aktuelle holen; bei der CA von Usher: usher pki renew',
      unusable: `${fqdn} kann nicht starten. Aufrufen: usher pki issue ${fqdn} --force, oder brauchbare Dateien ablegen`,
    };
    return remedies[state];
  },
  states: {
    good: 'gut',
    missing: 'fehlt',
    due: 'fällig',
    'names-changed': 'Namen geändert',
    'key-mismatch': 'Schlüssel passt nicht',
    revoked: 'gesperrt',
    foreign: 'nicht von dieser CA',
    'foreign-ca': 'fremde CA',
    expired: 'abgelaufen',
    'not-yet-valid': 'noch nicht gültig',
    'wrong-purpose': 'falscher Zweck',
    'name-missing': 'Host nicht genannt',
    'key-exposed': 'Schlüssel offen',
    'no-revocation-list': 'keine Sperrliste',
    'revocation-list-outdated': 'Sperrliste veraltet',
    unusable: 'unbrauchbar',
  },
};

/** What `usher pki` says, in one language. */
export function texts(language: Language): typeof en {
  return language === 'de' ? de : en;
}

import type { Language } from '#base';

const en = {
  description: 'add, list, move, remove and import users',
  topology: 'topology file (default ./topology.yaml, else the Contoso example)',
  address: 'address as it stands after "sip:", e.g. alice@contoso.com',
  addresses: 'one or more addresses',
  homePool: 'FQDN of the Front End pool the user registers with',
  passwordFile: 'read the password from the first line of a file',
  randomPassword: 'choose a password and print it, once',
  json: 'print JSON',
  about: `
Users live in users.db of the state directory. Of a password only Digest verifiers are kept (SHA-256
and MD5, for the usernames "alice" and "alice@contoso.com", in lower case): nobody can read it back,
but whoever has the file can sign in as anybody, so keep it as you keep the keys.
Running servers see every change at once.

Examples:
  usher user add alice@contoso.com --home-pool fepool01.contoso.net
  usher user list --pool fepool01.contoso.net
  usher user import staff.csv
  usher user disable bob@contoso.com

A password is asked for, or read from standard input or a file. It is never an argument, where every
user of the machine could see it:
  pass show sip/alice | usher user password alice@contoso.com`,
  add: {
    description: 'add one user',
    name: 'display name (default: what stands before the @)',
    disabled: 'may not sign in until enabled',
    help: `
The home pool has to be a Front End pool of the topology, the domain one of its SIP domains.

Examples:
  usher user add alice@contoso.com --home-pool fepool01.contoso.net --name "Alice Adams"
  usher user add bob@contoso.com --home-pool fepool02.contoso.net --random-password`,
  },
  list: {
    description: 'list users, all or those of one pool',
    pool: 'only users of this home pool',
    help: `
Examples:
  usher user list --pool fepool01.contoso.net
  usher user list --json | jq -r '.[].aor'

--json prints [{"aor","displayName","homePool","enabled"}]; no verifiers.`,
  },
  move: {
    description: 'give users another home pool',
    help: `
Clients notice with their next registration (at most an hour): the old pool answers with a redirect to
the new one. Calls that are up stay up.

Example:
  usher user move alice@contoso.com bob@contoso.com --home-pool fepool02.contoso.net`,
  },
  remove: {
    description: 'remove users for good',
    help: `
All of them or none: an unknown address, and nobody is removed. To keep a user out for a while, see
"usher user disable".

Example:
  usher user remove alice@contoso.com bob@contoso.com`,
  },
  enable: {
    description: 'let users sign in again',
    help: `
Example:
  usher user enable bob@contoso.com`,
  },
  disable: {
    description: 'keep users from signing in',
    help: `
The next request that has to prove its sender is refused (403). Registrations there are end when they
expire.

Example:
  usher user disable bob@contoso.com`,
  },
  password: {
    description: 'give a user a new password',
    help: `
Examples:
  usher user password alice@contoso.com
  usher user password alice@contoso.com --random-password
  usher user password alice@contoso.com --password-file secret.txt`,
  },
  import: {
    description: 'add and change users from a CSV, JSON or YAML file',
    file: 'file to import',
    format: 'csv, json or yaml (default: from the name of the file)',
    check: 'only say what is wrong with the file',
    help: `
All users of the file or, when anything is wrong with it, none; everything wrong is listed with line and
column. Users there are already are changed, and keep their password when the file gives none.

  field        what                                             default
  aor          address, e.g. alice@contoso.com
  homePool     FQDN of a Front End pool of the topology
  displayName  name people see                                  what stands before the @
  enabled      true or false                                    true
  password     in clear; turned into verifiers at once
  ha1, ha1b    ready MD5 verifiers as Kamailio and OpenSIPS keep them (username without, with domain)
  ha1Sha256, ha1bSha256   the same for SHA-256

CSV, first line names the fields; comma or semicolon:
  aor,displayName,homePool,password
  alice@contoso.com,Alice Adams,fepool01.contoso.net,correct horse

YAML (JSON likewise):
  users:
    - aor: alice@contoso.com
      homePool: fepool01.contoso.net
      password: correct horse

Examples:
  usher user import staff.csv --check
  usher user import staff.csv && rm staff.csv

Delete a file with passwords in clear once it is imported.`,
    unreadable: (file: string) => `cannot read ${file}`,
    unreadableRemedy: 'Name a file there is, and that this user may read.',
    unknownFormat: (file: string) => `the format of ${file} cannot be told from its name`,
    unknownFormatRemedy: 'Add --format csv, --format json or --format yaml.',
    faults: (count: number) =>
      count === 1 ? 'the file has a fault:' : `the file has ${count} faults:`,
    more: (count: number) => `  … and ${count} more`,
    faultsRemedy: 'Correct the places named; no user was imported.',
    done: (count: number) => (count === 1 ? '1 user imported' : `${count} users imported`),
    sound: (count: number) => (count === 1 ? '1 user, no fault' : `${count} users, no fault`),
  },
  columns: { aor: 'ADDRESS', displayName: 'NAME', homePool: 'HOME POOL', enabled: 'ENABLED' },
  yes: 'yes',
  no: 'no',
  none: 'There are no users yet. Add one with: usher user add ADDRESS --home-pool POOL',
  added: (aor: string, pool: string) => `added ${aor}, homed on ${pool}`,
  moved: (aor: string, pool: string) => `moved ${aor} to ${pool}`,
  removed: (aor: string) => `removed ${aor}`,
  enabled: (aor: string) => `enabled ${aor}`,
  disabled: (aor: string) => `disabled ${aor}`,
  changed: (aor: string) => `new password for ${aor}`,
  shown: (password: string) => `password: ${password}`,
  ask: (aor: string) => `Password for ${aor}: `,
  exists: (aor: string) => `there is a user ${aor} already`,
  existsRemedy: 'Change it with: usher user move, password, enable, disable.',
  unknown: (aors: string) => `there is no user ${aors}`,
  unknownRemedy: 'See the users there are with: usher user list',
  onePassword: '--password-file and --random-password exclude each other',
  onePasswordRemedy: 'Use one of the two, or none to be asked.',
};

const de: typeof en = {
  description: 'Benutzer anlegen, auflisten, verschieben, entfernen und importieren',
  topology: 'Topologiedatei (Vorgabe ./topology.yaml, sonst das Contoso-Beispiel)',
  address: 'Adresse, wie sie nach „sip:“ steht, z. B. alice@contoso.com',
  addresses: 'eine oder mehrere Adressen',
  homePool: 'FQDN des Front-End-Pools, bei dem sich der Benutzer anmeldet',
  passwordFile: 'das Kennwort aus der ersten Zeile einer Datei lesen',
  randomPassword: 'ein Kennwort wählen und einmal ausgeben',
  json: 'JSON ausgeben',
  about: `
Benutzer stehen in users.db im Zustandsverzeichnis. Von einem Kennwort bleiben nur Digest-Prüfwerte
(SHA-256 und MD5, für die Benutzernamen „alice“ und „alice@contoso.com“, klein geschrieben): Niemand
kann es zurücklesen, aber wer die Datei hat, kann sich als jeder anmelden. Hüten Sie sie also wie die
Schlüssel. Laufende Server sehen jede Änderung sofort.

Beispiele:
  usher user add alice@contoso.com --home-pool fepool01.contoso.net
  usher user list --pool fepool01.contoso.net
  usher user import belegschaft.csv
  usher user disable bob@contoso.com

Nach einem Kennwort wird gefragt, oder es kommt von der Standardeingabe oder aus einer Datei. Nie ist
es ein Argument, wo es jeder Benutzer des Rechners sehen könnte:
  pass show sip/alice | usher user password alice@contoso.com`,
  add: {
    description: 'einen Benutzer anlegen',
    name: 'Anzeigename (Vorgabe: was vor dem @ steht)',
    disabled: 'darf sich erst anmelden, wenn er freigegeben ist',
    help: `
Der Heimatpool muss ein Front-End-Pool der Topologie sein, die Domäne eine ihrer SIP-Domänen.

Beispiele:
  usher user add alice@contoso.com --home-pool fepool01.contoso.net --name "Alice Adams"
  usher user add bob@contoso.com --home-pool fepool02.contoso.net --random-password`,
  },
  list: {
    description: 'Benutzer auflisten, alle oder die eines Pools',
    pool: 'nur Benutzer mit diesem Heimatpool',
    help: `
Beispiele:
  usher user list --pool fepool01.contoso.net
  usher user list --json | jq -r '.[].aor'

--json gibt [{"aor","displayName","homePool","enabled"}] aus, keine Prüfwerte.`,
  },
  move: {
    description: 'Benutzern einen anderen Heimatpool geben',
    help: `
Clients merken es bei ihrer nächsten Anmeldung (spätestens nach einer Stunde): Der alte Pool verweist
sie an den neuen. Laufende Gespräche bleiben bestehen.

Beispiel:
  usher user move alice@contoso.com bob@contoso.com --home-pool fepool02.contoso.net`,
  },
  remove: {
    description: 'Benutzer endgültig entfernen',
    help: `
Alle oder keiner: Ist eine Adresse unbekannt, wird niemand entfernt. Wer einen Benutzer nur eine
Zeit lang aussperren will, nimmt „usher user disable“.

Beispiel:
  usher user remove alice@contoso.com bob@contoso.com`,
  },
  enable: {
    description: 'Benutzer wieder anmelden lassen',
    help: `
Beispiel:
  usher user enable bob@contoso.com`,
  },
  disable: {
    description: 'Benutzer an der Anmeldung hindern',
    help: `
Die nächste Anfrage, die ihren Absender nachweisen muss, wird abgewiesen (403). Bestehende
Registrierungen enden, wenn sie ablaufen.

Beispiel:
  usher user disable bob@contoso.com`,
  },
  password: {
    description: 'einem Benutzer ein neues Kennwort geben',
    help: `
Beispiele:
  usher user password alice@contoso.com
  usher user password alice@contoso.com --random-password
  usher user password alice@contoso.com --password-file geheim.txt`,
  },
  import: {
    description: 'Benutzer aus einer CSV-, JSON- oder YAML-Datei anlegen und ändern',
    file: 'zu importierende Datei',
    format: 'csv, json oder yaml (Vorgabe: nach dem Namen der Datei)',
    check: 'nur sagen, was an der Datei falsch ist',
    help: `
Alle Benutzer der Datei oder, wenn irgendetwas an ihr falsch ist, keiner; alles Falsche wird mit Zeile
und Spalte genannt. Vorhandene Benutzer werden geändert und behalten ihr Kennwort, wenn die Datei keines
nennt.

  Feld         was                                              Vorgabe
  aor          Adresse, z. B. alice@contoso.com
  homePool     FQDN eines Front-End-Pools der Topologie
  displayName  Name, den andere sehen                           was vor dem @ steht
  enabled      true oder false                                  true
  password     im Klartext; wird sofort zu Prüfwerten
  ha1, ha1b    fertige MD5-Prüfwerte, wie Kamailio und OpenSIPS sie halten (Name ohne, mit Domäne)
  ha1Sha256, ha1bSha256   dasselbe für SHA-256

CSV, die erste Zeile nennt die Felder; Komma oder Semikolon:
  aor,displayName,homePool,password
  alice@contoso.com,Alice Adams,fepool01.contoso.net,correct horse

YAML (JSON ebenso):
  users:
    - aor: alice@contoso.com
      homePool: fepool01.contoso.net
      password: correct horse

Beispiele:
  usher user import belegschaft.csv --check
  usher user import belegschaft.csv && rm belegschaft.csv

Löschen Sie eine Datei mit Kennwörtern im Klartext, sobald sie importiert ist.`,
    unreadable: (file) => `${file} ist nicht lesbar`,
    unreadableRemedy: 'Eine vorhandene Datei nennen, die dieser Benutzer lesen darf.',
    unknownFormat: (file) => `das Format von ${file} ist am Namen nicht zu erkennen`,
    unknownFormatRemedy: '--format csv, --format json oder --format yaml angeben.',
    faults: (count) =>
      count === 1 ? 'die Datei hat einen Fehler:' : `die Datei hat ${count} Fehler:`,
    more: (count) => `  … und ${count} weitere`,
    faultsRemedy: 'Die genannten Stellen berichtigen; kein Benutzer wurde importiert.',
    done: (count) => (count === 1 ? '1 Benutzer importiert' : `${count} Benutzer importiert`),
    sound: (count) => `${count} Benutzer, kein Fehler`,
  },
  columns: { aor: 'ADRESSE', displayName: 'NAME', homePool: 'HEIMATPOOL', enabled: 'FREIGEGEBEN' },
  yes: 'ja',
  no: 'nein',
  none: 'Es gibt noch keine Benutzer. Anlegen: usher user add ADRESSE --home-pool POOL',
  added: (aor, pool) => `${aor} angelegt, Heimatpool ${pool}`,
  moved: (aor, pool) => `${aor} nach ${pool} verschoben`,
  removed: (aor) => `${aor} entfernt`,
  enabled: (aor) => `${aor} freigegeben`,
  disabled: (aor) => `${aor} gesperrt`,
  changed: (aor) => `neues Kennwort für ${aor}`,
  shown: (password) => `Kennwort: ${password}`,
  ask: (aor) => `Kennwort für ${aor}: `,
  exists: (aor) => `den Benutzer ${aor} gibt es schon`,
  existsRemedy: 'Ändern mit: usher user move, password, enable, disable.',
  unknown: (aors) => `es gibt keinen Benutzer ${aors}`,
  unknownRemedy: 'Die vorhandenen Benutzer zeigt: usher user list',
  onePassword: '--password-file und --random-password schließen einander aus',
  onePasswordRemedy: 'Eines von beiden nehmen, oder keines, um gefragt zu werden.',
};

/** Every text of `usher user`. */
export function texts(language: Language): typeof en {
  return language === 'de' ? de : en;
}

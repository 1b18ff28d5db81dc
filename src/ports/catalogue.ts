import type { Text } from '#base';
import type { Service } from '#topology';
import type { Flow } from './model.ts';

/** What a documented row says, whoever its ends are in a given topology. */
export interface Entry extends Pick<Flow, 'service' | 'application' | 'security'> {
  readonly note: Text;
}

type Key =
  | '01'
  | '02'
  | '03'
  | '04'
  | '05'
  | '06'
  | '07'
  | '08'
  | '09'
  | 'P1'
  | 'P2'
  | 'P3a'
  | 'P3b'
  | 'IS03a'
  | 'IS03b'
  | 'IS03c'
  | 'IS11'
  | 'IS12'
  | 'IS34'
  | 'IS37'
  | 'TP01'
  | 'EX06'
  | 'CL6'
  | 'RP-E1'
  | 'RP-E2'
  | 'LB01';

function entry(
  service: Service,
  application: Flow['application'],
  security: Flow['security'],
  en: string,
  de: string,
): Entry {
  return { service, application, security, note: { en, de } };
}

/*
 * Rows 01 to 09 and P1 to P3b are those of the Director port summaries; the id a person sees has
 * the summary's prefix: DH (hardware balancing), DD (DNS balancing), DS (single Director). The
 * others are rows of the neighbours' summaries; a letter is added where one row of the reference
 * covers several conversations.
 */
export const catalogue: Readonly<Record<Key, Entry>> = {
  '01': entry(
    'webExternalPlain',
    'HTTP',
    'none',
    'Plain HTTP that came from the Internet: the reverse proxy hands it to the external web site, so that the pool knows where it came from.',
    'Unverschlüsseltes HTTP aus dem Internet: Der Reverseproxy reicht es an die externe Website weiter; daran erkennt der Pool die Herkunft.',
  ),
  '02': entry(
    'webExternal',
    'HTTPS',
    'TLS',
    'HTTPS that came from the Internet: the reverse proxy encrypts it anew and hands it to the external web site.',
    'HTTPS aus dem Internet: Der Reverseproxy verschlüsselt es neu und reicht es an die externe Website weiter.',
  ),
  '03': entry(
    'interServer',
    'HTTPS',
    'MTLS',
    'Server to server: where a user is homed, whether a pool is well, which client certificates are published.',
    'Von Server zu Server: wo ein Benutzer zu Hause ist, ob ein Pool gesund ist, welche Clientzertifikate veröffentlicht sind.',
  ),
  '04': entry(
    'webInternalPlain',
    'HTTP',
    'none',
    'First contact of internal clients with the internal web site; leads to HTTPS, serves revocation lists and autodiscovery.',
    'Erster Kontakt interner Clients mit der internen Website; führt zu HTTPS, liefert Sperrlisten und AutoErmittlung.',
  ),
  '05': entry(
    'webInternal',
    'HTTPS',
    'TLS',
    'Web services for internal clients: autodiscovery, web ticket, certificates, simple URLs.',
    'Webdienste für interne Clients: AutoErmittlung, Webticket, Zertifikate, einfache URLs.',
  ),
  '06': entry(
    'sip',
    'SIP',
    'MTLS',
    'SIP of remote users, brought in by the Edge; the Director authenticates it and passes it on to the home pool.',
    'SIP der Remotebenutzer, das der Edgeserver hereinbringt; der Director authentifiziert es und reicht es an den Heimatpool weiter.',
  ),
  '07': entry(
    'logControl',
    'CLS',
    'MTLS',
    'Centralized logging: commands to the agent of each server. (The reference gives all three logging ports one purpose; the split is ours.)',
    'Zentrale Protokollierung: Befehle an den Agenten jedes Servers. (Die Vorlage nennt für alle drei Ports denselben Zweck; die Aufteilung stammt von uns.)',
  ),
  '08': entry(
    'logStatus',
    'CLS',
    'MTLS',
    'Centralized logging: status of the agent of each server.',
    'Zentrale Protokollierung: Zustand des Agenten jedes Servers.',
  ),
  '09': entry(
    'logTransfer',
    'CLS',
    'MTLS',
    'Centralized logging: search on each server and transfer of what was found.',
    'Zentrale Protokollierung: Suche auf jedem Server und Übertragung der Treffer.',
  ),
  P1: entry(
    'sip',
    'SIP',
    'MTLS',
    'SIP on its way out to remote users.',
    'SIP auf dem Weg nach draußen zu Remotebenutzern.',
  ),
  P2: entry(
    'sip',
    'SIP',
    'MTLS',
    'SIP of remote users inside a dialog, which goes straight to the Front End.',
    'SIP der Remotebenutzer innerhalb eines Dialogs, das direkt zum Front-End geht.',
  ),
  P3a: entry(
    'webExternalPlain',
    'HTTP',
    'none',
    'The Front Ends publish their external web site as well; a Director does not replace it.',
    'Auch die Front-Ends veröffentlichen ihre externe Website; ein Director ersetzt sie nicht.',
  ),
  P3b: entry(
    'webExternal',
    'HTTPS',
    'TLS',
    'The Front Ends publish their external web site as well, encrypted anew by the reverse proxy.',
    'Auch die Front-Ends veröffentlichen ihre externe Website, vom Reverseproxy neu verschlüsselt.',
  ),
  IS03a: entry(
    'sip',
    'SIP',
    'MTLS',
    'The Director passes authenticated SIP on to the home pool.',
    'Der Director reicht authentifiziertes SIP an den Heimatpool weiter.',
  ),
  IS03b: entry(
    'sip',
    'SIP',
    'MTLS',
    'SIP between Front Ends: users of different pools, and of one pool on different servers.',
    'SIP zwischen Front-Ends: Benutzer verschiedener Pools sowie eines Pools auf verschiedenen Servern.',
  ),
  IS03c: entry(
    'sip',
    'SIP',
    'TLS',
    'Internal clients register with their home pool; they present no certificate.',
    'Interne Clients melden sich bei ihrem Heimatpool an; sie legen kein Zertifikat vor.',
  ),
  IS11: entry(
    'webInternalPlain',
    'HTTP',
    'none',
    'First contact of internal clients with the web site of their home pool.',
    'Erster Kontakt interner Clients mit der Website ihres Heimatpools.',
  ),
  IS12: entry(
    'webInternal',
    'HTTPS',
    'TLS',
    'Web services of the home pool for internal clients.',
    'Webdienste des Heimatpools für interne Clients.',
  ),
  IS34: entry(
    'interServer',
    'HTTPS',
    'MTLS',
    'Server to server the other way, as the balancer rules of the reference ask (contradiction C4).',
    'Von Server zu Server in Gegenrichtung, wie es die Lastenausgleichsregeln der Vorlage verlangen (Widerspruch C4).',
  ),
  IS37: entry(
    'sip',
    'SIP',
    'TLS',
    'Internal clients sign in at the Director, which redirects them to their home pool.',
    'Interne Clients melden sich beim Director an, der sie zu ihrem Heimatpool umleitet.',
  ),
  TP01: entry(
    'sip',
    'SIP',
    'MTLS',
    'Trusted peers, such as gateways, bring requests of the users they vouch for to the Director.',
    'Vertrauenswürdige Gegenstellen, etwa Gateways, bringen dem Director Anfragen der Benutzer, für die sie bürgen.',
  ),
  EX06: entry(
    'accessEdge',
    'SIP',
    'TLS',
    'SIP of remote users; they present no certificate and are authenticated further in.',
    'SIP der Remotebenutzer; sie legen kein Zertifikat vor und werden weiter innen authentifiziert.',
  ),
  CL6: entry(
    'accessEdgeAlternate',
    'SIP',
    'TLS',
    'SIP of remote users whose client uses the SIP port.',
    'SIP der Remotebenutzer, deren Client den SIP-Port verwendet.',
  ),
  'RP-E1': entry(
    'publishedPlain',
    'HTTP',
    'none',
    'Plain HTTP from the Internet; needed for autodiscovery by devices without a matching certificate.',
    'Unverschlüsseltes HTTP aus dem Internet; nötig für die AutoErmittlung durch Geräte ohne passendes Zertifikat.',
  ),
  'RP-E2': entry(
    'published',
    'HTTPS',
    'TLS',
    'All published web services of Directors and Front Ends.',
    'Alle veröffentlichten Webdienste der Directors und Front-Ends.',
  ),
  LB01: entry(
    'affinityExchange',
    'peers',
    'MTLS',
    'One HAProxy of a pair tells the other which client is bound to which member, so that clients stay where they are when the VIP moves.',
    'Ein HAProxy eines Paares sagt dem anderen, welcher Client zu welchem Mitglied gehört, damit Clients bleiben, wo sie sind, wenn die VIP wandert.',
  ),
};

/** Notes of the rows that show the legs of a balanced row. */
export const notes = {
  member: {
    en: 'What a member sees of the balanced row: the connection as it leaves the load balancer.',
    de: 'Was ein Mitglied von der verteilten Zeile sieht: die Verbindung, wie sie den Lastenausgleich verlässt.',
  },
  probe: {
    en: 'Health probe of the load balancer; a member that fails it gets no new connections.',
    de: 'Zustandsprüfung des Lastenausgleichs; ein Mitglied, das sie nicht besteht, erhält keine neuen Verbindungen.',
  },
} as const satisfies Record<string, Text>;

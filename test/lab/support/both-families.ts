/**
 * A topology of loopback addresses, with an IPv6 address, block or VIP beside each IPv4 one:
 * `fd00:10:1::11` beside `127.10.1.11`.
 */
export function inBothFamilies(text: string): string {
  return text
    .replaceAll(/network: (127\.(\d+)\.(\d+)\.0\/24)/gu, "network: ['fd00:$2:$3::/64', $1]")
    .replaceAll(/\[(127\.(\d+)\.0\.0\/16)\]/gu, "['fd00:$2::/32', $1]")
    .replaceAll(/\[(127\.(\d+)\.(\d+)\.0\/24)\]/gu, "['fd00:$2:$3::/48', $1]")
    .replaceAll(/(address|vip): (127\.(\d+)\.(\d+)\.(\d+))/gu, "$1: ['fd00:$3:$4::$5', $2]");
}

/**
 * Spellings of addresses that lead inside. The URL parser turns them into one; without it each would need its
 * own rule.
 */
export const innerUrls = [
  ...['https://127.0.0.1/', 'https://2130706433/', 'https://0x7f000001/', 'https://0x7F.0.0.1/'],
  ...['https://0177.0.0.1/', 'https://017700000001/', 'https://127.1/', 'https://127.0.1/', 'https://0/'],
  ...['https://127.0.0.1./', 'https://2130706433./', 'https://0x7f.1./', 'https://127.0.0.1:8443/'],
  // The clouds' metadata, in every base.
  ...['https://169.254.169.254/latest/meta-data/', 'https://2852039166/', 'https://0xa9fea9fe/'],
  ...['https://0xa9.0xfe.0xa9.0xfe/', 'https://0251.0376.0251.0376/', 'https://025177524776/'],
  ...[
    'https://169.254.43518/',
    'https://169.16689662/',
    'https://0251.254.0xa9fe/',
    'https://169.254.169.254./',
  ],
  ...['https://100.100.100.200/', 'https://192.0.0.192/', 'https://[fd00:ec2::254]/'],
  // Public by number, and inside a cloud all the same.
  ...['https://168.63.129.16/machine?comp=goalstate', 'https://168.63.129.16:32526/', 'https://2822734096/'],
  ...['https://0xa8.63.0x81.16/', 'https://[::ffff:168.63.129.16]/', 'https://[64:ff9b::168.63.129.16]/'],
  ...['https://161.26.0.10/', 'https://166.9.0.1/', 'https://199.36.153.4/', 'https://199.36.153.11/'],
  'https://192.80.8.124/metadata',
  ...['https://10.0.0.1:8443/', 'https://172.16.1/', 'https://192.168.1/', 'https://0xc0a80001/'],
  // IPv6, and IPv4 inside of it.
  ...['https://[::1]/', 'https://[::]/', 'https://[0:0:0:0:0:0:0:1]/', 'https://[::ffff:127.0.0.1]/'],
  ...['https://[::ffff:7f00:1]/', 'https://[0:0:0:0:0:ffff:a9fe:a9fe]/', 'https://[::ffff:169.254.169.254]/'],
  ...['https://[::FFFF:A9FE:A9FE]/', 'https://[::127.0.0.1]/', 'https://[64:ff9b::7f00:1]/'],
  ...[
    'https://[64:ff9b::169.254.169.254]/',
    'https://[64:ff9b:1::a9fe:a9fe]/',
    'https://[2002:a9fe:a9fe::]/',
  ],
  ...['https://[2001:0:a9fe:a9fe::1]/', 'https://[fe80::1]/', 'https://[fc00::1]/', 'https://[ff02::1]/'],
  // What a URL's parser makes one of: percent-encoding, other digits, other dots, invisible characters.
  ...['https://%31%32%37.0.0.1/', 'https://127%2e0%2e0%2e1/', 'https://169%2E254%2E169%2E254/'],
  ...[
    'https://①②⑦.⓪.⓪.①/',
    'https://①②⑦.0.0.1/',
    'https://１２７.０.０.１/',
    'https://127。0。0。1/',
    'https://169．254．169．254/',
  ],
  ...['https://127｡0｡0｡1/', 'https://𝟏𝟐𝟕.𝟎.𝟎.𝟏/', 'https://０ｘ７ｆ.１/', 'https://127\u00ad.0.0.1/'],
  ...['https://1\u200b27.0.0.1/', 'https://127.0.0.1\t/', ' https://127.0.0.1/ ', 'https://12\n7.0.0.1/'],
  ...['https:127.0.0.1/', 'https:/127.0.0.1/', 'https:\\\\127.0.0.1\\', 'https:////127.0.0.1/'],
  // Where the host ends.
  ...[
    'https://169.254.169.254\\@example.com/',
    'https://127.0.0.1?@example.com/',
    'https://127.0.0.1#@example.com/',
  ],
]

/** Nothing that is fetched at all, wherever it would lead. */
export const refusedUrls = [
  ...['', ' ', 'nonsense', '//example.com/', '/path', 'https://', 'https:///', 'https://?', 'https://:443/'],
  ...[
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'blob:https://a.test/b',
  ],
  ...['ws://example.com/', 'wss://example.com/', 'gopher://127.0.0.1:6379/_x', 'unix:/var/run/docker.sock'],
  ...[
    'http://example.com/',
    'http://169.254.169.254/',
    'http://127.0.0.1/',
    'http://localhost/',
    'http://[::1]/',
  ],
  // Who is in front of the host.
  ...['https://user@example.com/', 'https://u:p@example.com/', 'https://:p@example.com/'],
  ...[
    'https://example.com@169.254.169.254/',
    'https://example.com:443@127.0.0.1/',
    'https://example.com%40@127.0.0.1/',
  ],
  ...['https://a@b@127.0.0.1/', 'https://example.com&@127.0.0.1#@example.org/'],
  // Ports of other protocols, and what is no port or no host.
  ...[
    'https://example.com:22/',
    'https://example.com:25/',
    'https://example.com:587/',
    'https://a.test:1023/',
  ],
  ...[
    'https://example.com:0/',
    'https://example.com:65536/',
    'https://example.com:-1/',
    'https://example.com:4e3/',
  ],
  ...[
    'https://[fe80::1%25eth0]/',
    'https://[fe80::1%eth0]/',
    'https://[::1/',
    'https://[::1]x/',
    'https://[127.0.0.1]/',
  ],
  ...[
    'https://256.0.0.1/',
    'https://127.0.0.0.1/',
    'https://0x100000000/',
    'https://1.2.3.08/',
    'https://exa mple.com/',
  ],
  ...[
    'https://exa%00mple.com/',
    'https://example.com%2f@127.0.0.1/',
    'https://127.0.0.1%00.example.com/',
    'https://a%2fb/',
  ],
  `https://example.com/${'a'.repeat(2_048)}`,
]

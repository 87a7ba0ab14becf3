// Tables as the three programs export them.
import { formatContactsCsv, parseContactsCsv } from '@owlivion/sync/csv'
import { describe, expect, it } from 'vitest'

const table = (...lines: readonly string[]) => `${lines.join('\r\n')}\r\n`

describe('a table of Google', () => {
  it('gives its people', () => {
    const file = table(
      'First Name,Middle Name,Last Name,Name Prefix,Nickname,Organization Name,Organization Title,Birthday,Notes,Labels,E-mail 1 - Label,E-mail 1 - Value,E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value,Address 1 - Label,Address 1 - Street,Address 1 - City,Website 1 - Label,Website 1 - Value,Custom Field 1 - Label',
      'Ann,M.,Lee,Dr.,Annie,Acme,Chief,1980-02-29,"first\nsecond, ""third""",* starred ::: Chess ::: * friends ::: * myContacts,* Work,ann@work.example ::: lee@work.example,Home,ann@example.com,Mobile,+49 151 1,Book club,1 Main St,Springfield,Blog,https://ann.example,odd',
    )
    expect(parseContactsCsv(file)).toEqual({
      program: 'google',
      refused: [],
      leftOut: [],
      contacts: [
        {
          name: 'Dr. Ann M. Lee',
          structuredName: { prefix: 'Dr.', given: 'Ann', additional: 'M.', family: 'Lee' },
          nicknames: ['Annie'],
          organisation: 'Acme',
          title: 'Chief',
          birthday: '1980-02-29',
          notes: 'first\nsecond, "third"',
          favourite: true,
          groups: ['Chess', 'friends'],
          emails: [
            { value: 'ann@work.example', label: 'work', preferred: true },
            { value: 'lee@work.example', label: 'work', preferred: true },
            { value: 'ann@example.com', label: 'home' },
          ],
          phones: [{ value: '+49 151 1', label: 'cell' }],
          addresses: [{ street: '1 Main St', city: 'Springfield', label: 'Book club' }],
          urls: [{ value: 'https://ann.example', label: 'Blog' }],
          extra: [['X-CSV;COLUMN=Custom Field 1 - Label', 'odd']],
        },
      ],
    })
  })

  it('of before 2024 does so too', () => {
    const file = table(
      'Name,Given Name,Family Name,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Organization 1 - Name',
      'Ann Lee,Ann,Lee,* myContacts,* ,ann@example.com,Acme',
    )
    expect(parseContactsCsv(file).contacts).toEqual([
      {
        name: 'Ann Lee',
        structuredName: { given: 'Ann', family: 'Lee' },
        emails: [{ value: 'ann@example.com', preferred: true }],
        organisation: 'Acme',
      },
    ])
  })
})

describe('a table of Outlook', () => {
  const file = table(
    'Title;First Name;Last Name;Company;Job Title;Business Street;Business City;Home Street;Home Country/Region;Business Phone;Mobile Phone;Business Fax;Other Phone;E-mail Address;E-mail Type;E-mail 2 Address;Birthday;Categories;Notes;Web Page',
    'Dr.;Zoë;Öz;Acme;Chief;1 Main St;Springfield;Pier 3;Türkiye;1;2;3;4;zoe@work.example;SMTP;zoe@example.com;12/31/2001;Chess;;https://zoe.example',
    ';;;Acme;;;;;;;;;;info@acme.example;SMTP;;0/0/00;;;',
  )
  const people = [
    {
      name: 'Dr. Zoë Öz',
      structuredName: { prefix: 'Dr.', given: 'Zoë', family: 'Öz' },
      organisation: 'Acme',
      title: 'Chief',
      addresses: [
        { street: '1 Main St', city: 'Springfield', label: 'work' },
        { street: 'Pier 3', country: 'Türkiye', label: 'home' },
      ],
      phones: [
        { value: '1', label: 'work' },
        { value: '2', label: 'cell' },
        { value: '3', label: 'work fax' },
        { value: '4' },
      ],
      emails: [{ value: 'zoe@work.example' }, { value: 'zoe@example.com' }],
      birthday: '2001-12-31',
      groups: ['Chess'],
      urls: [{ value: 'https://zoe.example' }],
      extra: [['X-CSV;COLUMN=E-mail Type', 'SMTP']],
    },
    {
      name: 'Acme',
      organisation: 'Acme',
      emails: [{ value: 'info@acme.example' }],
      extra: [['X-CSV;COLUMN=E-mail Type', 'SMTP']],
    },
  ]

  it('gives its people, also where the separator is a semicolon', () => {
    expect(parseContactsCsv(file)).toEqual({ program: 'outlook', refused: [], leftOut: [], contacts: people })
  })

  it.each([
    ['UTF-8', Buffer.from(file)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${file}`)],
    ['UTF-16', Buffer.from(`\ufeff${file}`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(file, 'utf16le')],
    ['UTF-16 the other way round', Buffer.from(`\ufeff${file}`, 'utf16le').swap16()],
    ['windows-1252', Buffer.from(file, 'latin1')],
  ])('is read in %s', (_, bytes) => {
    expect(parseContactsCsv(new Uint8Array(bytes)).contacts).toEqual(people)
  })
})

describe('a table of Thunderbird', () => {
  it('gives its people', () => {
    const file = table(
      'First Name\tLast Name\tDisplay Name\tNickname\tPrimary Email\tSecondary Email\tWork Phone\tFax Number\tMobile Number\tHome Address\tHome ZipCode\tOrganization\tWeb Page 1\tBirth Year\tBirth Month\tBirth Day\tCustom 1\tNotes',
      'Ann\tLee\tAnn L.\tAnnie\tann@example.com\tlee@example.com\t1\t2\t3\t1 Main St\t97477\tAcme\thttps://ann.example\t\t2\t9\tblue\thello',
    )
    expect(parseContactsCsv(file)).toEqual({
      program: 'thunderbird',
      refused: [],
      leftOut: [],
      contacts: [
        {
          name: 'Ann L.',
          structuredName: { given: 'Ann', family: 'Lee' },
          nicknames: ['Annie'],
          emails: [{ value: 'ann@example.com' }, { value: 'lee@example.com' }],
          phones: [
            { value: '1', label: 'work' },
            { value: '2', label: 'fax' },
            { value: '3', label: 'cell' },
          ],
          addresses: [{ street: '1 Main St', postalCode: '97477', label: 'home' }],
          organisation: 'Acme',
          urls: [{ value: 'https://ann.example' }],
          birthday: '--02-09',
          notes: 'hello',
          extra: [['X-CSV;COLUMN=Custom 1', 'blue']],
        },
      ],
    })
  })
})

describe('a table that somebody wrote by hand', () => {
  it('needs a name and an address', () => {
    const { contacts, program } = parseContactsCsv('name|email|phone\nAnn|ann@example.com|1\n')
    expect(program).toBeUndefined()
    expect(contacts).toEqual([{ name: 'Ann', emails: [{ value: 'ann@example.com' }], phones: [{ value: '1' }] }])
  })
})

describe('a table for a spreadsheet', () => {
  const contacts = [
    { name: '=HYPERLINK("https://evil.example")', notes: '@SUM(1)', phones: [{ value: '+49 (151) 1' }] },
  ]

  it('runs nothing, and leaves telephone numbers as they are', () => {
    const [, row = ''] = formatContactsCsv(contacts, { program: 'google' }).split('\r\n')
    expect(row).toMatch(/^"'=HYPERLINK/)
    expect(row).toContain(",'@SUM(1),")
    expect(row).toContain(',+49 (151) 1')
  })

  it.each([true, false])('comes back as it was, guarded: %s', (safeForSpreadsheets) => {
    const odd = [...contacts, { name: "'=1", notes: "''+1;x", groups: ['-a'] }]
    for (const program of ['google', 'outlook', 'thunderbird'] as const) {
      expect(parseContactsCsv(formatContactsCsv(odd, { program, safeForSpreadsheets })).contacts).toMatchObject(odd)
    }
  })
})

describe('a table in which several columns are one thing', () => {
  const contactOf = (head: string, row: string) => parseContactsCsv(`${head}\n${row}`).contacts[0]

  it('keeps what each of them says, and says the same once', () => {
    expect(contactOf('Name,Email,E-mail Address,Email', 'Ann,a@work.example,a@home.example,a@work.example')).toEqual({
      name: 'Ann',
      emails: [{ value: 'a@work.example' }, { value: 'a@home.example' }],
    })
    expect(contactOf('Name,Mobile,Cell', 'Ann,1,2')?.phones?.map(({ value }) => value)).toEqual(['1', '2'])
    expect(contactOf('Name,Website,URL', 'Ann,http://1,http://2')?.urls).toHaveLength(2)
    expect(contactOf('Name,Labels,Categories', 'Ann,Friends,Family')?.groups).toEqual(['Friends', 'Family'])
    expect(contactOf('Name,Nickname,Nickname', 'Ann,Nan,Anni')?.nicknames).toEqual(['Nan', 'Anni'])
  })

  it('keeps a second value of what there is one of beside the first', () => {
    expect(contactOf('First Name,Given Name,Last Name', 'Ann,Anna,Lee')).toMatchObject({
      structuredName: { given: 'Ann', family: 'Lee' },
      extra: [['X-CSV;COLUMN=Given Name', 'Anna']],
    })
    expect(contactOf('Name,Birthday,Birthday', 'Ann,2001-02-03,2002-03-04')).toMatchObject({
      birthday: '2001-02-03',
      extra: [['X-CSV;COLUMN=Birthday', '2002-03-04']],
    })
    expect(contactOf('Name,Home Street,Home Address', 'Ann,Here 1,There 2')).toMatchObject({
      addresses: [{ street: 'Here 1', label: 'home' }],
      extra: [['X-CSV;COLUMN=Home Address', 'There 2']],
    })
    expect(contactOf('Name,E-mail 1 - Value,E-mail 1 - Type,E-mail 1 - Label', 'Ann,a@b.example,Home,Mine')).toEqual({
      name: 'Ann',
      emails: [{ value: 'a@b.example', label: 'home' }],
      extra: [['X-CSV;COLUMN=E-mail 1 - Label', 'Mine']],
    })
  })
})

describe('a table that passed through Excel', () => {
  it('may begin with the line that names its separator', () => {
    const { contacts, refused } = parseContactsCsv(
      table('sep=;', 'First Name;E-mail Address', 'Ann;ann@example.com', '"Bob;'),
    )
    expect(contacts).toEqual([
      { name: 'Ann', structuredName: { given: 'Ann' }, emails: [{ value: 'ann@example.com' }] },
    ])
    // Lines are counted as in the file.
    expect(refused.map(({ line }) => line)).toEqual([4])
  })
})

describe('everybody of Google', () => {
  it.each(['* myContacts', '* My Contacts'])('is no group under the name %s', (name) => {
    const { contacts } = parseContactsCsv(
      table('First Name,Labels,E-mail 1 - Value', `Ann,${name} ::: Chess,ann@example.com`),
    )
    expect(contacts[0]?.groups).toEqual(['Chess'])
  })
})

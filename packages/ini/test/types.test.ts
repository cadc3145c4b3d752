import { expect, test } from '@jest/globals'
import { type IniMap, type IniSettings, type IniValue, ini } from '@sd/ini'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only when the two types are the same. */
function expectSame<A, B>(_same: Same<A, B>): void {}

// Never called: the compiler is the test.
export function checkTypes(settings: IniSettings<'signals' | 'db.main'>, names: string[]): void {
  expectSame<(typeof settings)['signals'], IniMap>(true)
  expectSame<(typeof settings)['db'], IniMap>(true)
  expectSame<(typeof settings)['mysql'], IniMap | undefined>(true)
  const user: IniValue | undefined = settings.mysql?.user
  settings.signals.x = 12
  settings.signals.list = ['a', { b: null }]
  settings.cache = { ttl: 60 }
  // @ts-expect-error mysql is not a required section: it may be missing
  settings.mysql.user = 'ada'
  // @ts-expect-error a date is no setting
  settings.signals.x = new Date()
  const plugin = ini({ file: 'a.ini', requiredSections: ['signals'] })
  expectSame<(typeof plugin)['name'], 'ini'>(true)
  expectSame<ReturnType<(typeof plugin)['create']>['service'], IniSettings<'signals'>>(true)
  const unknown = ini({ file: 'a.ini', requiredSections: names })
  expectSame<ReturnType<(typeof unknown)['create']>['service']['signals'], IniMap | undefined>(true)
  // @ts-expect-error the file is needed
  ini({})
  void user
}

test('required sections are known to the compiler', () => {
  expect(checkTypes).toBeInstanceOf(Function)
})

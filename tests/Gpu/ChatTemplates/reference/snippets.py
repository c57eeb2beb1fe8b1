"""Short templates: SNIPPETS render, ERRORS fail."""

SNIPPETS = r"""
{{ 'a\n\t\\\'\"\x41\u00e9\U0001F642\q\101' }}
{{ "it's" }}{{ 'a' 'b' "c" }}
{{ 1_000 + 0x1F + 0o17 + 0b11 }} {{ 1.5e3 }} {{ 2E-7 }} {{ 1e16 }} {{ 1e22 }} {{ 123456789012345.0 }} {{ 1234567890123456789.0 }} {{ 0.0001 }} {{ 0.00001 }}
{{ 1 / 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7.5 % -2 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 3 ** 2 }} {{ -2 ** 2 }}
{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }} {{ 10 - 2 - 3 }} {{ -3 }} {{ +3 }} {{ - -3 }} {{ True + 1 }} {{ 1.0 }} {{ 3 * 'ab' }} {{ [1] * 2 + [3] }}
{{ 1 ~ 2 ~ none ~ true ~ missing ~ 1.0 ~ [1, 'a'] }}
{{ 'a' ~ 1 + 1 ~ 'b' if false else 'x' }}
{{ 2 * 3 ~ 4 }} {{ f }} {{ f * 3 }} {{ big }} {{ -1|abs }} {{ 'ab'|length * 2 }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1.0 }} {{ true == 1 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ (1, 2) == [1, 2] }} {{ none == missing }} {{ missing == also_missing }}
{{ 1 in [1, 2] }} {{ 'a' in 'cat' }} {{ 'b' in d }} {{ 5 not in nums }} {{ not 1 in [2] }} {{ 1 in missing }} {{ missing in [1] }} {{ true in [1] }}
{{ 0 or 'x' }} {{ 1 and 'y' }} {{ '' and 1 }}| {{ none or missing }}| {{ not '' }} {{ [] or {} }} {{ 1 or 1 / 0 }}
{{ 'yes' if 1 else 'no' }} {{ 'yes' if 0 }}| {{ 1 if 0 else 2 if 0 else 3 }}
{{ none }} {{ None }} {{ true }} {{ False }} {{ [none, true, 1.5, 'a', "it's", 'q"', "b'\"", '\n\x00\u200b é'] }} {{ (1,) }} {{ () }} {{ {} }} {{ {'a': [1], 2: none} }}
{{ missing }}|{{ messages[0].nothing }}|{{ messages[9] }}|{{ n.x }}|{{ n['x'] }}|{{ 5.x }}|{{ 'a'.x }}
{{ messages[0].role }} {{ messages[-1]['role'] }} {{ messages.0.role }} {{ deep[0][1][0] }} {{ d.A.1 }}
{{ 'hello'[1] }} {{ 'hello'[-1] }} {{ 'hello'[1:3] }} {{ 'hello'[::-1] }} {{ 'hello'[:-2] }} {{ 'hello'[10:] }}| {{ 'hello'[9] }}| {{ [1,2,3,4][::2] }} {{ [1,2,3][-1:0:-1] }} {{ (1,2,3)[1:] }} {{ range(9)[2:5]|list }}
{{ deep[1][1] }} {{ deep[1]|length }} {{ deep[1][1:] }} {{ deep[1]|reverse }} {{ deep[1]|list }}
{{ missing is defined }} {{ missing is undefined }} {{ n is none }} {{ n is not none }} {{ s is string }} {{ d is mapping }} {{ d is sequence }} {{ nums is sequence }} {{ 's' is iterable }} {{ 5 is iterable }} {{ missing is iterable }} {{ missing is sequence }}
{{ 1 is number }} {{ true is number }} {{ true is integer }} {{ 1.0 is float }} {{ true is boolean }} {{ true is true }} {{ 1 is true }} {{ false is false }} {{ none is false }} {{ 3 is odd }} {{ 3 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }}
{{ 1 is eq 1 }} {{ 1 is equalto(2) }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 1 is gt(2) }} {{ 1 is le 1 }} {{ 1 is ge 2 }} {{ 1 is in [1] }} {{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'A1' is upper }} {{ '1' is lower }} {{ range is callable }} {{ s is callable }} {{ none is sameas none }}
{{ 1 + 1 is odd }} {{ not 2 is odd }} {{ missing is defined and 1 }} {{ 1 is number or 2 }}
{{ s|trim }}|{{ 'xxaxx'|trim('x') }}|{{ '\u00a0 a\x1f'|trim }}|{{ 5|trim }}
{{ s|upper }} {{ s|lower }} {{ 'hELLO wORLD'|capitalize }} {{ "hello wo-rld it's (a) b.c"|title }} {{ "hello wo-rld it's b.c x1y"|title }} {{ "it's b.c x1y".title() }}
{{ 'aXbX'|replace('X', '-') }} {{ 'aXbX'|replace('X', '-', 1) }} {{ 'abc'|replace('', '.') }} {{ 'abc'.replace('', '.', 2) }} {{ 12321|replace(2, 'x') }}
{{ '42'|int }} {{ ' 42 '|int }} {{ '4.9'|int }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ 3.9|int }} {{ -3.9|int }} {{ true|int }} {{ none|int }} {{ 'ff'|int(base=16) }} {{ '0xff'|int(0, 16) }} {{ '1_0'|int }}
{{ '1.5'|float }} {{ 'x'|float }} {{ 'x'|float(2.0) }} {{ 3|float }}
{{ 2.5|round }} {{ 3.5|round }} {{ 2.675|round(2) }} {{ 0.125|round(2) }} {{ 1.25|round(1) }} {{ 7|round }} {{ 2.1|round(0, 'ceil') }} {{ 2.19|round(1, 'floor') }} {{ -2.5|round }}
{{ nums|sum }} {{ nums|min }} {{ nums|max }} {{ words|min }} {{ words|max(case_sensitive=true) }} {{ people|sum(attribute='age') }} {{ [[1],[2]]|sum(start=[]) }} {{ [1.5, 2]|sum }}
{{ nums|first }} {{ nums|last }} {{ []|first }}| {{ 'abc'|first }} {{ 'abc'|last }} {{ d|first }}
{{ nums|join }} {{ nums|join(', ') }} {{ people|join('/', attribute='name') }} {{ missing|join(',') }}| {{ [none, true, 1.0]|join('-') }} {{ 'abc'|join('.') }}
{{ nums|sort }} {{ nums|sort(reverse=true) }} {{ words|sort }} {{ words|sort(case_sensitive=true) }} {{ people|sort(attribute='age,name')|map(attribute='name')|list }} {{ people|sort(attribute='age', reverse=true)|map(attribute='name')|join(' ') }} {{ d|sort }}
{{ nums|unique|list }} {{ words|unique|list }} {{ people|unique(attribute='age')|map(attribute='name')|list }}
{{ nums|reverse|list }} {{ 'abc'|reverse }} {{ 'abc'|list }} {{ d|list }} {{ d|length }} {{ missing|length }} {{ nums|count }} {{ ''|length }}
{{ d|dictsort }} {{ d|dictsort(case_sensitive=true) }} {{ {'a': 2, 'b': 1}|dictsort(by='value') }} {{ {'a': 2, 'b': 1}|dictsort(reverse=true) }}
{{ d|items|list }} {{ missing|items|list }}
{{ people|selectattr('age', 'equalto', 7)|map(attribute='name')|list }} {{ people|rejectattr('age', '==', 7)|map(attribute='name')|list }} {{ people|selectattr('at')|list|length }} {{ people|selectattr('at', 'defined')|list|length }}
{{ nums|select('odd')|list }} {{ nums|reject('gt', 2)|list }} {{ [0, 1, '', 'a']|select|list }} {{ [0, 1]|reject|list }} {{ nums|select('in', [1, 3])|list }}
{{ people|map(attribute='at.city', default='?')|list }} {{ words|map('upper')|list }} {{ words|map('replace', 'a', 'z')|join }} {{ ['1', 'x']|map('int', default=9)|list }} {{ deep|map('first')|list }} {{ [[1, 2], [3, 4]]|map(attribute=1)|list }}
{{ missing|default('x') }} {{ n|default('x') }} {{ ''|d('x') }}| {{ ''|default('x', true) }} {{ none|d('y', boolean=true) }} {{ messages[0].nothing|default('z') }} {{ missing|default }}|
{{ 'a\nb\n\nc'|indent }} {{ 'a\nb'|indent(2, true) }} {{ 'a\n\nb'|indent(1, blank=true) }} {{ 'a\nb'|indent('> ', first=true) }} {{ 'a\n'|indent(2) }}|
{{ '<a href="x">\'&'|escape }} {{ '<b>'|e }} {{ '<b>'|safe }} {{ '<i>' }} {{ 5|string ~ 'x' }}
{{ d|tojson }} {{ messages|tojson }} {{ 'é🙂\x00\x1f\x7f"\\/\b\f\n\r\t\u2028<>&'|tojson }} {{ 'é🙂'|tojson(ensure_ascii=true) }} {{ 1.0|tojson }} {{ 1e100|tojson }} {{ none|tojson }} {{ big|tojson }} {{ (1, 'a')|tojson }} {{ {1: 2, none: 3, true: 4, 1.5: 5}|tojson }}
{{ d|tojson(indent=2) }}{{ []|tojson(indent=2) }}{{ {}|tojson(indent=2) }}{{ [[]]|tojson(indent=1) }}{{ d|tojson(indent='>') }}{{ d|tojson(separators=(',', ':')) }}{{ {'b': 1, 'a': 2}|tojson(sort_keys=true) }}
{{ ' ab '.strip() }}|{{ ' ab '.lstrip() }}|{{ ' ab '.rstrip() }}|{{ 'xyabyx'.strip('xy') }}|{{ 'aab'.lstrip('a') }}
{{ 'a,b,,c'.split(',') }} {{ ' a  b c '.split() }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b c '.split(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ ' a b  c '.rsplit(none, 1) }} {{ ''.split(',') }} {{ ''.split() }} {{ 'aXXbXXc'.split('XX')[-1] }} {{ 'aaa'.rsplit('aa') }}
{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'c')) }} {{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ 'abc'.removesuffix('x') }} {{ 'abc'.find('c') }} {{ 'abc'.find('x') }} {{ '🙂c'.find('c') }} {{ 'aXbXc'.count('X') }} {{ 'aXbX'.rfind('X') }}
{{ 'a\nb\r\nc\n'.splitlines() }} {{ 'a\nb\n'.splitlines(true) }} {{ '-'.join(words) }} {{ 'aBc'.upper() }} {{ 'aBc'.lower() }} {{ 'aBC dEf'.capitalize() }} {{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ ' '.isspace() }}
{{ d.items()|list }} {{ d.keys()|list }} {{ d.values()|list }} {{ d.get('b') }} {{ d.get('zz') }} {{ d.get('zz', 5) }} {{ d['items'] is callable }} {{ nums.index(2) }} {{ nums.count(2) }}
{{ range(3)|list }} {{ range(1, 3)|list }} {{ range(5, 0, -2)|list }} {{ range(3) }} {{ range(1, 5, 2) }} {{ 2 in range(3) }} {{ range(0)|length }} {{ dict(a=1, b='x') }} {{ dict({'q': 1}, r=2) }} {{ dict([('a', 1)]) }}
{{ strftime_now('%d %b %Y, %A %B %-d %Y-%m-%d %H:%M:%S %I %p %j %y %a %%') }}
{% for x in nums %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}
{% for x in nums if x > 1 %}{{ loop.index }}/{{ loop.length }}:{{ x }} {% else %}none{% endfor %}{% for x in nums if x > 5 %}{{ x }}{% else %}none{% endfor %}{% for x in missing %}{% else %}empty{% endfor %}
{% for k, v in d.items() %}{{ k }}={{ v }} {% endfor %}{% for k in d %}{{ k }}{% endfor %}{% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}{% for c in 'aé🙂' %}{{ c }}.{% endfor %}
{% for x in range(9) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}{% for x in range(3) %}{% for y in range(3) %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}
{% for x in nums %}{{ loop.cycle('a', 'b') }}{% if loop.changed(x) %}!{% endif %}{% for y in [1] %}{{ loop.depth }}{{ loop.index }}{% endfor %}{{ loop.depth0 }}{% endfor %}
{% for x in 1, 2, 3 %}{{ x }}{% endfor %}{{ 1, 2 }}{% for x in (1 if 0 else [7]) %}{{ x }}{% endfor %}
{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}{% if true %}{% set x = 9 %}{% endif %}{{ x }}
{% for i in [1, 2] %}{{ y }}{% set y = i %}{{ y }}{% endfor %}{{ y }}{% for x in [1] %}{% endfor %}{{ x }}
{% set ns = namespace(n=0, l=[]) %}{% for i in nums %}{% set ns.n = ns.n + i %}{% set ns.l = ns.l + [i] %}{% endfor %}{{ ns.n }} {{ ns.l }} {{ ns.zz }}| {{ ns['n'] }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}{% set (c, d2) = [3, 4] %}{{ c }}{{ d2 }}{% set t = 1, %}{{ t }}{% set z %}  <{{ a }}> {% endset %}{{ z }}|{% set w | upper | replace('A', 'o') %}aba{% endset %}{{ w }}
{% if n %}a{% elif nums %}b{% else %}c{% endif %}{% if missing %}a{% elif n %}b{% else %}c{% endif %}{% if not missing %}d{% endif %}
{% macro m(a, b=2, c=a) %}[{{ a }}{{ b }}{{ c }}]{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=5, a=4) }}{{ m() }}{{ m(1)|length }}{{ m.name }}
{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}
{% macro b(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call b('p') %}x{{ s|trim }}{% endcall %}{% macro e(l) %}{% for i in l %}{{ caller(i) }}{% endfor %}{% endmacro %}{% call(i) e(nums) %}({{ i }}){% endcall %}
{% set x = 1 %}{% macro m() %}{{ x }}{% set x = 5 %}{% endmacro %}{% macro k() %}{{ x }}{{ late }}{% endmacro %}{% set late = 'L' %}{{ k() }}{{ x }}
{% filter upper %}a{{ 'b' }}{% endfilter %}{% filter replace('a', 'b')|upper %}aaa{% endfilter %}{% with a=1, b=2 %}{{ a }}{{ b }}{% endwith %}{{ a }}
{% generation %}{% set q = 1 %}text{{ q }}{% endgeneration %}{{ q }}
{% raw %}{{ x }} {% if %}{% endraw %}|{#- comment -#}  x  {# {{ y }} #}y
{{ {'a': {'b': 1}}['a']['b'] }}{{ {'a': {'b': {}}} }}{{ [[1], [2]][1][0] }}
{{ 'a' if 'x' in {'x': 1} else 'b' }}{{ (messages|last).role }}{{ messages | map(attribute='role') | join(',') | upper }}
{{ messages|selectattr('role', 'in', ['user', 'system'])|list|length }}{{ messages[1:]|length }}{{ (messages|length - 1) // 2 }}
{{ 'abc' is in 'abcd' }}{{ 'a' is string and 'b' is not mapping }}{{ none is defined }}{{ n is defined and n is none }}
{{ "%}" }}{{ '}}' }}{% if '%}' %}ok{% endif %}{{ "{{" }}{{ '{#' }}{ x } {x{ %} }}
{{- 'a' -}}   b   {{- 'c' }}   {%- if true -%}   d   {%- endif +%} e
""".strip("\n").split("\n") + [
    "  {% if true %}\n  a\n  {% endif %}\nb\n",
    "  {%+ if true %}\n  a\n  {%- endif %}\nb\n\n",
    "a\n\n  {# comment #}\n  b {# other #}\nc",
    "{% if true +%}\n x\n{% endif %}\r\ny\r\n",
    "x {% if true %}  y {% endif %}  z\n  {{ 1 }}  \n  {{- 2 }}\n{{ 3 -}}  \n\n 4",
    "\t{% for i in [1, 2] %}\n\t\t{{ i }}\n\t{% endfor %}\nend",
    "a\n  {%- raw -%}  {{ b }}  {%- endraw -%}  c\n {% raw %}\n d \n {% endraw %}\n e",
    "{{ 'a\nb' }}\n{{ [\n 1,\n 2,\n] }}{{ {'a': 1,\n} }}",
    "",
    "plain { text } % # }}",
    "\n",
]

ERRORS = r"""
{{ raise_exception('No way.') }}
{{ missing.x }}
{{ missing['x'] }}
{{ missing() }}
{{ missing + 1 }}
{{ n.x.y }}
{{ 1 + 'a' }}
{{ 'a' < 1 }}
{{ 1 / 0 }}
{{ 1 % 0 }}
{{ nums() }}
{{ 5 in 5 }}
{{ 1 in 'a' }}
{{ 5|length }}
{{ missing|tojson }}
{{ [range]|tojson }}
{% for x in 5 %}{% endfor %}
{% for a, b in nums %}{% endfor %}
{% set a, b = [1] %}
{% set s.x = 1 %}
{{ range(1000000) }}
{{ range(1, 2, 0) }}
{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}
{% macro m(a) %}{% endmacro %}{{ m(b=2) }}
{{ 'a'.split('') }}
{{ 'a'|trim(1, 2) }}
{{ 'a'|trim(foo=1) }}
{{ [1, 'a']|sort }}
{{ {[1]: 2} }}
{{ nums[::0] }}
{{ 'x'.nosuch() }}
{{ ','.join(nums) }}
{{ people|rejectattr('at.city', 'undefined')|list|length }}
""".strip("\n").split("\n")

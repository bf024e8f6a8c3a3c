"""Fragments that write files and read them back (`engine/opened.py`): by the file, by its path, in branches and functions, with failures."""
# ruff: noqa: E501  (a table: one production or program a line)

from __future__ import annotations

from .idioms import idiom

#: a file without a name that anybody else could have, and its text at the end; `@p` is one with a path
_NEW = "import tempfile\n@ = tempfile.TemporaryFile('w+')\n"
_NAMED = "import tempfile, os, pathlib\n@p = os.path.join(tempfile.gettempdir(), f'poppy-fuzz-{{os.getpid()}}.txt')\n"
_TEXT = "\n@.seek(0)\n@t = @.read()\n@.close()\n@ = None\nprint(@t)"
_GONE = "\nwith open(@p) as @g: @t = @g.read()\nos.remove(@p)\n@ = @g = @p = None\nprint(@t)"

idiom(0.5, _NEW + "for @q in {list}[:4]:\n    i0 = @.write(ask(@q))\n    if flag(@q): print(ask((@q, i0)), num(@q), file=@)\n    elif num(@q) > 3: @.writelines([ask(@q), 'z'])\n    l0.append(@q)" + _TEXT)
idiom(0.4, _NEW + "try:\n    for @q in {list}[:4]:\n        @.write(str(bad(@q)))\n        l0.append(@.tell() % 5)\nexcept Boom as ex: print(ex, @.closed)\nfinally: @.write(ask({int}))" + _TEXT)
idiom(0.4, _NEW + "def @f(q, f):\n    f.write(ask(q))\n    if num(q) > 3: f.flush(); o0.v += 1\n    return num(q)\nfor @q in {list}[:4]: l0.append(@f(@q, @))\nprint(o0.v)" + _TEXT)
idiom(0.3, "import csv, json\n" + _NEW + "@w = csv.writer(@)\nfor @q in {list}[:4]:\n    @r = [@q, ask(@q), {{'n': num(@q)}}]\n    if flag(@q): @w.writerow(@r)\n    else: json.dump(@r, @)\n    @r[2]['n'] = {int}\n    @r.append(@q)\n@w = None" + _TEXT)
idiom(0.5, _NAMED + "with open(@p, 'w') as @:\n    for @q in {list}[:4]:\n        @.write(ask(@q) + '/')\n        if flag(@q): @.flush()\n        l0.append(len(pathlib.Path(@p).read_text()) + num(@q))" + _GONE)
idiom(0.4, _NAMED + "for @q in {list}[:3]:\n    @a = ask(@q)\n    with open(@p, 'a' if flag(@q) else 'w') as @:\n        @.write(@a)\n        @.write(ask((@q, 1)))\n    i0 = num(@q)\nprint(i0)\nwith open(@p, 'a') as @: @.write('.')" + _GONE)
idiom(0.4, _NAMED + "def @f(q):\n    with open(@p, 'a') as f:\n        f.write(str(bad(q)) if flag(q) else ask(q))\n        o0.v += 1\n    return num(q)\nwith open(@p, 'w') as @: i1 = @.write(ask(1))\nfor @q in {list}[:3]:\n    try: l0.append(@f(@q))\n    except Boom as ex: print(ex)\n    l1.append(o0.v)" + _GONE)
idiom(0.3, _NAMED + "with open(@p, 'w') as @:\n    for @q in range(4): print(@q, {int}, file=@)\ntry:\n    with open(@p) as @:\n        for @l in @:\n            l0.append(bad(@l.strip()))\n            if flag(@l): continue\n            s0 = ask(@l) + @l\nexcept Boom as ex: print(ex, @.closed)\nprint(s0)" + _GONE)
_LINES = _NAMED + "with open(@p, 'w') as @:\n    for @q in range(5): print(@q % 3, {int}, file=@, sep=',')\n"
idiom(0.5, _LINES + "@ = open(@p)\nwhile True:\n    try:\n        for @l in @:\n            l0.append(bad(@l)); o0.v += 1\n            if flag(@l): s0 = ask(@l)\n            elif num(@l) > 3: break\n        else: break\n    except Boom as ex: print(ex, o0.v)\n    l1.append(len(@.readline()))\n@.close()" + _GONE)
idiom(0.4, "import csv\n" + _LINES + "with open(@p) as @g, open(@p + '2', 'w') as @:\n    for @r in csv.reader(@g) if {int} % 2 else csv.DictReader(@g):\n        @a = ask(@r)\n        if flag(@a): @.write(@a)\n        @r[0] = num(@a)\n        l0.append(size(@r))\nwith open(@p + '2') as @g: print(@g.read())\nos.remove(@p + '2')\n@r = None" + _GONE)
idiom(0.4, _LINES + "def @f(f, q):\n    if num(q) > 3: return f.readline() and 1\n    return num((q, 1))\nwith open(@p) as @:\n    @h = @.readline()\n    for @i, @l in enumerate(@):\n        l0.append(@f(@, @l))\n        if flag(@l): pathlib.Path(@p).write_text(ask(@l) + '\\n')\n    l1.append(@i)" + _GONE)
idiom(0.4, _LINES + "def @f(f):\n    for l in f:\n        if num(l) > 1: yield ask(l)\nwith open(@p) as @:\n    for @l in @f(@):\n        s0 = @l\n        print(bad(@l) if flag(@l) else num(@l))" + _GONE, risky=True)
idiom(0.5, _NAMED + "def @f(q, x):\n    with open(@p, 'a') as f:\n        if flag(q): return f.write(x)\n        f.write(str(bad((x, q))))\n        with open(@p, 'a') as g: n = g.write(ask(q)) + f.write('n')\n    return num((q, n))\nwith open(@p, 'w') as @: pass\nfor @q in {list}[:4]:\n    @a = ask(@q)\n    try: l0.append(@f(@q, @a))\n    except Boom as ex: print(ex)\n    finally: i0 = num(@a)" + _GONE)
idiom(0.4, _NAMED + "@a = ask({int})\nfor @q in {list}[:3]:\n    with open(@p, 'a') as @:\n        @.write(num(@q) if num(@q) == 6 else ask(@q))\n        o0.v += bad(@q)\n        print(@a, file=@)\n        if o0.v % 5 == 3: break\n    i0 = num(@q)\nwith open(@p) as @: @t = @.read()\nos.remove(@p)\nprint(@t, o0.v)\n@ = @p = None", risky=True)

#: some files by name, none of them there
_SOME = _NAMED.replace("pathlib\n", "pathlib, glob\n") + "[os.remove(q) for q in glob.glob(@p + '*')]\n"
_NONE = "\nl1.append([os.path.basename(@q)[-1] for @q in sorted(glob.glob(@p + '*'))])\nfor @q in sorted(glob.glob(@p + '*')):\n    print(open(@q).read())\n    os.remove(@q)\n@p = @q = None"
idiom(0.6, _SOME + "def @f(q):\n    p = f'{{@p}}{{num(q) % 4}}'\n    if os.path.exists(p): return open(p).read() + '!'\n    a = str(bad(q)) if flag(q) else ask(q)\n    with open(p, 'w') as f: f.write(a)\n    return a\nfor @q in {list}[:5]:\n    try: l0.append(@f(@q))\n    except Boom as ex: print(ex)" + _NONE)
idiom(0.6, _SOME + "for @q in {list}[:5]:\n    @a = pathlib.Path(f'{{@p}}{{num(@q) % 4}}' if {int} % 2 else @p + str(o0.v % 2))\n    l0.append(ask(@a.read_text() if @a.is_file() else @q))\n    if flag(@q): @a.write_text(ask(@q))\n    else: i0 = @a.write_bytes(b'abc')\n    o0.v += 1\n    l1.append((os.path.getsize(@a), num(@q)))\n    if num(@q) > 4: s0 = ask(len(glob.glob(@p + '*')))\n@a = None" + _NONE)
idiom(0.5, _SOME + "def @f(q):\n    if num(q) > 2: pathlib.Path(@p + str(num(q) % 2)).write_text(ask(q))\n    return num(q)\nfor @q in {list}[:5]:\n    i0 = @f(@q)\n    try: l0.append(ask(pathlib.Path(@p + '1').read_text()))\n    except OSError as ex: print(ex.errno, len(os.listdir(os.path.dirname(@p))) > 0)\n    l1.append(os.path.exists(@p + '0'))" + _NONE)
idiom(0.4, _SOME + "os.symlink(@p, @p + 'l')\nwith open(@p, 'w', buffering=1) as @:\n    for @q in {list}[:4]:\n        print(ask(@q), file=@)\n        l0.append(num(@q))\n        l1.append((os.path.getsize(@p + 'l'), pathlib.Path(@p + 'l').read_text()))\n        @a = ask(l1[-1])\n@ = None" + _NONE)
idiom(0.5, _LINES + "def @f(f, q):\n    if flag(q): return f.readline() + ask(q)\n    return ask((q, 1))\nwith open(@p) as @:\n    for @l in @:\n        l0.append(num(@l))\n        s0 = @f(@, @l) if num(@l) % 2 else @.readline()\n        print(ask((@l, s0)))" + _GONE)

#: some files with lines in them; two of them are documents of JSON
_LINED = _SOME + "for @q in range(4):\n    with open(f'{{@p}}{{@q}}', 'w') as @: @.write(f'{{@q}}\\n' * @q)\n"
idiom(0.6, _LINED + "def @f(q):\n    with open(f'{{@p}}{{num(q) % 5}}') as f:\n        h = f.readline()\n        if flag(q): return h\n        a = ask(h)\n        return a + f.read() + str(f.readlines())\nfor @q in {list}[:5]:\n    try: l0.append(@f(@q))\n    except OSError as ex: print(ex.errno)\n    with open(f'{{@p}}{{num(@q) % 4}}', 'a') as @: @.write(str(bad(@q)) if num(@q) == 2 else ask(@q))\n@ = None" + _NONE, risky=True)
idiom(0.5, _LINED + "for @q in range(5):\n    try:\n        with open(f'{{@p}}{{@q % 4}}') as @:\n            for @l in @:\n                l0.append(bad((@l, @q)))\n                if num(@l) > 4: break\n                if {int} % 3 == 0: s0 = @.readline()\n            @t = ask(@.read())\n    except Boom as ex: print(ex, @.closed, @q)\n    pathlib.Path(f'{{@p}}{{num(@q) % 4}}').write_text(ask(@q) + '\\ny')\n@ = @t = @l = None" + _NONE)
idiom(0.5, "import json\n" + _LINED + "for @q in range(5):\n    @a = f'{{@p}}{{num(@q) % 4}}'\n    try:\n        with open(@a) as @: @d = json.load(@)\n    except ValueError as ex: @d = str(ex)[:9]\n    l0.append((ask(@d), @.closed))\n    with open(@a, 'w') as @: json.dump([@d, num(@q), ask(@q)], @)\n@ = @a = @d = None" + _NONE)
idiom(0.5, _LINED + "for @q in {list}[:4]:\n    i0 = num(@q)\n    @ = open(f'{{@p}}3')\n    @h = @.readline()\n    try:\n        l0.append(bad((@h, @q)))\n        s0 = ask(@.read(1)) + @.read()\n    except Boom as ex: print(ex, @.closed, @.read(3))\n    finally: @.close()\n    l1.append(ask(open(f'{{@p}}2').read()))\n    pathlib.Path(f'{{@p}}{{i0 % 4}}').write_text(str(@q))\n@ = @h = None" + _NONE)
idiom(0.5, "import csv\n" + _LINED + "def @f(f, q):\n    if num(q) > 3: return f.readline()\n    if flag(q): return list(f)\n    return f.read(1) + ask(q)\nfor @q in {list}[:4]:\n    with open(f'{{@p}}{{num(@q) % 4}}') as @:\n        l0.append(@f(@, @q))\n        @r = [@]\n        l1.append(@r[0].readline() if {int} % 2 else [*csv.reader(@)])\n        print(@.read(), num(@q))\n        if num((@q, 1)) > 4: break\n@ = @r = None" + _NONE)

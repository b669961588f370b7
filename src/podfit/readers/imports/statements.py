"""One parsed module: its import statements with their guards, and the calls that may imply a need."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from podfit.model import Call, Grade
from podfit.readers.imports import guards, versions
from podfit.readers.imports.nodes import calls

_DYNAMIC = frozenset({"import_module", "__import__"})


@dataclass(frozen=True, slots=True)
class Found:
    """An import as a module wrote it. level counts the dots of a relative import; optional imports have a reason.

    grade tells what stands around the statement: nothing, a function, a guard.
    """

    module: str
    line: int
    names: tuple[str, ...] = ()
    level: int = 0
    reason: str = ""
    grade: Grade = Grade.MODULE


@dataclass
class Aliases:
    """What names mean in one file, or in the cells of one notebook: the modules or objects they came from.

    modules maps a name to the dotted name it was imported as; made maps a variable to the top-level module whose
    call made its value. availability holds variables that say whether a module is there.
    """

    modules: dict[str, str] = field(default_factory=dict)
    made: dict[str, str] = field(default_factory=dict)
    availability: set[str] = field(default_factory=set)


@dataclass
class Statements:
    """Walks a module's statements. calls are collected only for the last parts of names in wanted.

    expressions tells whether to look into expressions at all; statements alone are several times faster. lines are the
    numbers, in order, of those lines that something can be collected from, None where that may be any.
    """

    path: str
    wanted: frozenset[str]
    aliases: Aliases
    cell: int = 0
    expressions: bool = True
    lines: Sequence[int] | None = None
    found: list[Found] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    checks: list[tuple[str, str, int]] = field(default_factory=list)
    _lazy: str = ""
    _raising: bool = False
    _branch: bool = False
    _either: frozenset[str] = frozenset()
    """The modules that are imported whichever way a condition goes."""
    _called: frozenset[str] = frozenset()

    def module(self, body: Sequence[ast.stmt]) -> None:
        """Collect from a whole module or cell: functions that it calls by itself run when it runs."""
        self._called |= frozenset(_called(body))
        self.walk(body)

    def walk(self, body: Iterable[ast.stmt], reason: str = "") -> None:
        """Collect from a block of statements; reason says why everything in it is optional, empty when it is not."""
        for node in body:
            if self.lines is None or self._is_telling(node):
                self._statement(node, reason)

    def _is_telling(self, node: ast.stmt) -> bool:
        """Tell whether a statement has one of the lines that something can be collected from."""
        lines = self.lines or ()
        at = bisect_left(lines, node.lineno)
        return at < len(lines) and lines[at] <= (node.end_lineno or node.lineno)

    def _statement(self, node: ast.stmt, reason: str) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                self._found(alias.name, node.lineno, (), 0, reason)
                bound = alias.asname or alias.name.partition(".")[0]
                self.aliases.modules[bound] = alias.name if alias.asname else bound
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            self._found(node.module or "", node.lineno, names, node.level, reason)
            if not node.level:
                for alias in node.names:
                    self.aliases.modules[alias.asname or alias.name] = f"{node.module}.{alias.name}"
        elif isinstance(node, ast.If):
            self._if(node, reason)
        elif isinstance(node, ast.Assert):
            self.checks.extend(versions.asserted(node, self.aliases.modules))
            self._other(node, reason)
        elif isinstance(node, ast.Try) or type(node).__name__ == "TryStar":
            self._try(node, reason)  # type: ignore[arg-type]  # TryStar has the fields of Try
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self._expression(item.context_expr, reason)
                if self.expressions and isinstance(item.optional_vars, ast.Name):
                    self._assigned(item.optional_vars.id, item.context_expr)
            self.walk(node.body, reason or guards.of_with(node))
        else:
            self._other(node, reason)

    def _found(self, module: str, line: int, names: tuple[str, ...], level: int, reason: str) -> None:
        """Keep an import with the grade of what stands around it."""
        if reason:
            grade = Grade.GUARDED
        elif self._lazy:
            grade, reason = Grade.FUNCTION, self._lazy
        else:
            certain = not self._branch or module.partition(".")[0] in self._either
            grade = Grade.RAISING if self._raising else Grade.MODULE if certain else Grade.BRANCH
        self.found.append(Found(module, line, names, level, reason, grade))

    def _if(self, node: ast.If, reason: str) -> None:
        """Collect from an if with all its elifs, in a loop: generated code has thousands, each nested in the former."""
        outer, either = self._branch, self._either
        self._branch = outer or not guards.is_main(node.test)
        self._either = either | (guards.imported(node.body) & guards.imported(node.orelse))
        while True:
            self._expression(node.test, reason)
            body, orelse = guards.of_if(node, self.aliases.availability)
            self.walk(node.body, reason or body)
            reason = reason or orelse
            if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
                break
            node = node.orelse[0]
        self.walk(node.orelse, reason)
        self._branch, self._either = outer, either

    def _try(self, node: ast.Try, reason: str) -> None:
        guard = guards.of_try(node)
        outer, self._raising = self._raising, self._raising or (not guard and guards.raises(node))
        self.walk(node.body, reason or guard)
        self._raising = outer
        either = guards.imported(node.body)
        for handler in node.handlers:
            stands_in = reason or guards.of_handler(handler)
            for statement in handler.body:
                both = guards.imported([statement])  # the same module whichever way it goes: that one is needed
                self.walk([statement], reason if both and both <= either else stands_in)
            if guard:
                self._flags(handler.body)
        self.walk(node.orelse, reason)
        self.walk(node.finalbody, reason)

    def _flags(self, body: Iterable[ast.stmt]) -> None:
        """Remember what a handler sets when a module is missing: `HAS_X = False`, `x = None`."""
        for node in body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                self.aliases.availability.update(t.id for t in node.targets if isinstance(t, ast.Name))

    def _other(self, node: ast.stmt, reason: str) -> None:
        """Collect from a statement that guards nothing: its expressions, then its blocks."""
        if isinstance(node, ast.Assign) and guards.tests_availability(node.value):
            self.aliases.availability.update(t.id for t in node.targets if isinstance(t, ast.Name))
        if self.expressions:
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self._assigned(target.id, node.value)
            elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self._annotated(node.target.id, node.annotation)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                arguments = node.args
                for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
                    self._annotated(argument.arg, argument.annotation)
            for child in ast.iter_child_nodes(node):
                if not isinstance(child, (ast.stmt, ast.ExceptHandler)) and type(child).__name__ != "match_case":
                    self._expression(child, reason)
        outer = self._lazy
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and (outer or node.name not in self._called):
            self._lazy = outer or f"in the function {node.name} at line {node.lineno}"
        for name in ("body", "orelse"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                self.walk(block, reason)
        self._lazy = outer
        for case in getattr(node, "cases", ()):
            self.walk(case.body, reason)

    def _assigned(self, name: str, value: ast.expr) -> None:
        """Remember which top-level module made the value of a variable; an unknown maker forgets the former one."""
        maker = self._maker(value) if isinstance(value, (ast.Call, ast.Subscript, ast.Attribute)) else ""
        if maker:
            self.aliases.made[name] = maker
        else:
            self.aliases.made.pop(name, None)

    def _annotated(self, name: str, annotation: ast.expr | None) -> None:
        """Remember the top-level module of a variable's annotation."""
        resolved = self._resolved(guards.dotted(annotation))
        if resolved:
            self.aliases.made[name] = resolved.partition(".")[0]
        else:
            self.aliases.made.pop(name, None)

    def _resolved(self, name: str) -> str:
        """Return a dotted name with its first part replaced by what it was imported as, empty when it was not."""
        first, dot, rest = name.partition(".")
        origin = self.aliases.modules.get(first)
        return f"{origin}{dot}{rest}" if origin else ""

    def _maker(self, node: ast.expr) -> str:
        """Return the top-level module at the root of a chain of attributes, calls and subscripts, empty if unknown."""
        while True:
            if isinstance(node, (ast.Attribute, ast.Subscript)):
                node = node.value
            elif isinstance(node, ast.Call):
                node = node.func
            elif isinstance(node, ast.Await):
                node = node.value
            else:
                break
        if not isinstance(node, ast.Name):
            return ""
        origin = self.aliases.modules.get(node.id)
        return origin.partition(".")[0] if origin else self.aliases.made.get(node.id, "")

    def _expression(self, root: ast.AST, reason: str) -> None:
        """Collect calls, and imports by a function with a literal name, from an expression."""
        if not self.expressions:
            return
        for node in calls(root):
            self._call(node, reason)

    def _call(self, node: ast.Call, reason: str) -> None:
        function = node.func
        if isinstance(function, ast.Name):
            last = function.id
        elif isinstance(function, ast.Attribute):
            last = function.attr
        else:
            return
        name = guards.dotted(function)
        resolved = self._resolved(name) or name
        if resolved.rpartition(".")[2] in _DYNAMIC and resolved in ("__import__", "importlib.import_module"):
            self._dynamic(node, reason)
            return
        known = self._resolved(name)
        if known.rpartition(".")[2] in self.wanted:
            self._keep(node, known, "")
        elif isinstance(function, ast.Attribute):
            # `frame.plot.bar()` uses the accessor `plot` as `frame.plot()` does.
            inner = function.value.attr if isinstance(function.value, ast.Attribute) else ""
            for part in (last, inner):
                if part in self.wanted:
                    self._keep(node, f".{part}", self._maker(function))
                    break

    def _dynamic(self, node: ast.Call, reason: str) -> None:
        argument = node.args[0] if node.args else None
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            module = argument.value
            if module and all(part.isidentifier() for part in module.split(".")):
                self._found(module, node.lineno, (), 0, reason)

    def _keep(self, node: ast.Call, target: str, receiver: str) -> None:
        arguments = tuple(a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str))
        keywords = tuple((k.arg, text) for k in node.keywords if k.arg and (text := _literal(k.value)))
        self.calls.append(Call(target, self.path, node.lineno, receiver, arguments, keywords, self.cell))


def _called(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names of functions that a module calls when it is run, under `if __name__ == "__main__"` as well."""
    for node in body:
        if isinstance(node, (ast.Expr, ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
            for part in calls(node.value):
                if isinstance(part.func, ast.Name):
                    yield part.func.id
        elif isinstance(node, (ast.If, ast.With, ast.Try)):
            yield from _called(node.body)


def _literal(node: ast.expr) -> str:
    """Return a literal string or truth value as text, those of a list joined by commas; empty for anything else."""
    if isinstance(node, (ast.List, ast.Tuple)):
        return ",".join(filter(None, map(_literal, node.elts)))
    return str(node.value) if isinstance(node, ast.Constant) and isinstance(node.value, (str, bool)) else ""

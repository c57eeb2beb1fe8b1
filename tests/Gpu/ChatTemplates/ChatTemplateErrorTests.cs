using System.Text.Json.Nodes;
using ActorInference.Gpu.ChatTemplates;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Tests.ChatTemplates;

public class ChatTemplateErrorTests
{
    [Theory]
    [InlineData("a\n{% for x in y %}\nb\n", "t: line 3 is the end of the template; expected 'else' or 'endfor' for the 'for' of line 2.")]
    [InlineData("{% if x %}\n{% endfor %}", "t: line 2 is 'endfor'; expected 'elif' or 'else' or 'endif' for the 'if' of line 1.")]
    [InlineData("{% if x %}{% else %}{% elif y %}{% endif %}", "t: line 1 is 'elif'; expected 'endif' for the 'if' of line 1.")]
    [InlineData("\n{% endif %}", "t: line 2 is 'endif'; expected one of break,")]
    [InlineData("{% macro m() %}", "t: line 1 is the end of the template; expected 'endmacro' for the 'macro' of line 1.")]
    [InlineData("{{ x | nosuch }}", "t: line 1 is the filter 'nosuch'; expected one of abs,")]
    [InlineData("\n\n{{ x is nosuch }}", "t: line 3 is the test 'nosuch'; expected one of ")]
    [InlineData("{% include 'x' %}", "t: line 1 is 'include'; expected one of break,")]
    [InlineData("{{ x", "t: line 1 is '{{' without end; expected '}}'.")]
    [InlineData("{{ }}", "t: line 1 is '}}'; expected an expression.")]
    [InlineData("{{ a b }}", "t: line 1 is 'b'; expected '}}'.")]
    [InlineData("{{ (1 }}", "t: line 1 is '}'; expected ')' for the bracket of line 1.")]
    [InlineData("{{ 1) }}", "t: line 1 is ')'; expected a bracket opened before.")]
    [InlineData("{{ 'abc }}", "t: line 1 is a string without end; expected ' at its end.")]
    [InlineData("{{ '\\x4' }}", "t: line 1 is an escape in a string; expected an expression in Jinja's syntax.")]
    [InlineData("{{ 12ab }}", "t: line 1 is the number '12ab'; expected an expression in Jinja's syntax.")]
    [InlineData("{{ a ? b }}", "t: line 1 is the character '?'; expected an expression in Jinja's syntax.")]
    [InlineData("{# x", "t: line 1 is a comment without end; expected '#}'.")]
    [InlineData("{% raw %} x", "t: line 1 is 'raw' without end; expected '{% endraw %}'.")]
    [InlineData("{% break %}", "t: line 1 is 'break' outside a loop; expected it within a for.")]
    [InlineData("{% for x in y %}{% macro m() %}{% continue %}{% endmacro %}{% endfor %}", "t: line 1 is 'continue' outside a loop; expected it within a for.")]
    [InlineData("{% for x.y in z %}{% endfor %}", "t: line 1 is '.'; expected 'in'.")]
    [InlineData("{% set none = 1 %}", "t: line 1 is 'none'; expected a variable's name.")]
    [InlineData("{{ f(a=1, 2) }}", "t: line 1 is '2'; expected only named arguments after the first named one.")]
    [InlineData("{{ f(a=1, a=2) }}", "t: line 1 is the argument 'a' twice; expected each name once.")]
    [InlineData("{% call x %}{% endcall %}", "t: line 1 is 'x'; expected a call of a macro.")]
    public void A_broken_template_is_rejected_with_its_line(string template, string message)
    {
        var error = Assert.Throws<ModelFormatException>(() => ChatTemplate.Parse(template, "t")).Message;
        if (message.EndsWith('.')) Assert.Equal(message, error);
        else Assert.StartsWith(message, error, StringComparison.Ordinal);   // A list of names follows.
    }

    [Theory]
    [InlineData("\n{{ missing.x }}", "line 2: 'missing' is undefined")]
    [InlineData("{{ messages[0].a.b }}", "line 1: 'dict object' has no attribute 'a'")]
    [InlineData("{{ none.a.b }}", "line 1: 'None' has no attribute 'a'")]
    [InlineData("\n\n{{ 1 / 0 }}", "line 3: division by zero")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "line 1: an integer needs more than 64 bits")]
    [InlineData("{{ raise_exception('Roles\nmust alternate') }}", "Roles must alternate")]
    [InlineData("{% macro m() %}\n{{ x.y }}\n{% endmacro %}\n{{ m() }}", "line 2: 'x' is undefined")]
    [InlineData("{{ 'a'|trim(1, 2) }}", "line 1: filter 'trim' takes at most 1 arguments, not 2")]
    [InlineData("{{ 'a'.replace('b') }}", "line 1: replace() needs 'new'")]
    [InlineData("{{ [1]|map('nosuch')|list }}", "line 1: there is no filter 'nosuch'")]
    public void A_template_that_fails_on_its_input_says_where_and_why(string template, string message) =>
        Assert.Equal(message, Assert.Throws<ChatTemplateException>(() => Render(template)).Message);

    [Theory]
    [InlineData("{% for a in range(1001) %}{% for b in range(1000) %}{% endfor %}{% endfor %}", "more than 1000000 loop iterations")]
    [InlineData("{% for a in range(20) %}{{ 'x' * 1000000 }}{% endfor %}", "writes more than 16777216 characters")]
    [InlineData("{{ 'x' * 9000000000000 }}", "writes more than 16777216 characters")]
    [InlineData("{{ [1] * 90000000 }}", "at most 1000000 are allowed")]
    [InlineData("{% set ns = namespace(s='x') %}{% for a in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "writes more than 16777216 characters")]
    [InlineData("{% for a in range(999) %}{% set s = 'x' * 9000000 %}{% endfor %}", "works through more than 536870912 characters")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for a in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}", "writes more than 16777216 characters")]
    [InlineData("{% set ns = namespace(a=[], b=[]) %}{% for i in range(99) %}{% set ns.a = [ns.a, ns.a] %}{% set ns.b = [ns.b, ns.b] %}{% endfor %}{{ ns.a == ns.b }}", "more than 1000000 loop iterations")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for a in range(999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}", "nested more than 100 levels deep")]
    [InlineData("{% set ns = namespace(l=[]) %}{% for a in range(999) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l|tojson }}", "nested more than 100 levels deep")]
    [InlineData("{% set l = [] %}{% set _ = l.append(l) %}{{ l }}", "nested more than 100 levels deep")]
    [InlineData("{% set l = [1] %}{% for x in l %}{% set _ = l.append(l|length) %}{% endfor %}{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macros call each other more than 100 levels deep")]
    public void A_template_cannot_exceed_its_limits(string template, string message) =>
        Assert.Contains(message, Assert.Throws<ChatTemplateException>(() => Render(template)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("(", ")")]
    [InlineData("[", "]")]
    [InlineData("not ", "")]
    [InlineData("-", "")]
    [InlineData("{1:", "}")]
    [InlineData("f(", ")")]
    [InlineData("1 if 1 else ", "")]
    public void Expressions_nest_a_hundred_deep_and_no_deeper(string open, string close)
    {
        var template = "{{ " + string.Concat(Enumerable.Repeat(open, 3000)) + "1" + string.Concat(Enumerable.Repeat(close, 3000)) + " }}";
        var error = Assert.Throws<ModelFormatException>(() => ChatTemplate.Parse(template, "t"));
        Assert.Contains("nested too deeply; expected at most 100 levels", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_nest_a_hundred_deep_and_no_deeper()
    {
        Assert.Equal("x", Render(Nested(90)));
        Assert.Throws<ModelFormatException>(() => ChatTemplate.Parse(Nested(101), "t"));

        static string Nested(int depth) =>
            string.Concat(Enumerable.Repeat("{% if 1 %}", depth)) + "x" + string.Concat(Enumerable.Repeat("{% endif %}", depth));
    }

    [Theory]
    [InlineData("1", " + 1")]
    [InlineData("x", ".x")]
    [InlineData("'a'", "|upper")]
    public void A_chain_of_any_length_ends_in_a_result_or_one_error(string first, string link)
    {
        var template = ChatTemplate.Parse("{{ " + first + string.Concat(Enumerable.Repeat(link, 200_000)) + " }}", "t");
        var error = Assert.Throws<ChatTemplateException>(() => template.Render(new ChatTemplateInput { Messages = [] }));
        Assert.Contains("nested too deeply", error.Message, StringComparison.Ordinal);
    }

    internal static string Render(string template) =>
        ChatTemplate.Parse(template, "t").Render(new ChatTemplateInput { Messages = [new JsonObject { ["role"] = "user", ["content"] = "hi" }] });
}

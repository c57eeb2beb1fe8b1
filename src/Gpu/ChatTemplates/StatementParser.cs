namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Parses text, outputs and tags.</summary>
internal sealed class StatementParser(TokenStream tokens)
{
    private static readonly string[] Tags =
        ["break", "call", "continue", "filter", "for", "generation", "if", "macro", "raw", "set", "with"];

    private readonly ExpressionParser _expressions = new(tokens);
    private int _loops;

    public IReadOnlyList<Statement> ParseTemplate()
    {
        var body = ParseBody();
        if (tokens.Current.Kind == TokenKind.End) return body;
        tokens.Take();   // "{%"
        throw tokens.Unexpected($"one of {string.Join(", ", Tags)}");
    }

    /// <summary>Statements up to a tag that belongs to the block around them.</summary>
    private List<Statement> ParseBody()
    {
        var body = new List<Statement>();
        while (tokens.Current.Kind != TokenKind.End)
        {
            if (tokens.Current.Kind == TokenKind.TagBegin && !Tags.Contains(tokens.Following.Text)) break;
            body.Add(ParseStatement());
        }

        return body;
    }

    private Statement ParseStatement()
    {
        var token = tokens.Take();
        if (token.Kind == TokenKind.Text) return new TextOutput(token.Line, token.Text);
        if (token.Kind == TokenKind.OutputBegin)
        {
            var output = new ValueOutput(token.Line, _expressions.ParseTuple());
            tokens.Expect(TokenKind.OutputEnd, "'}}'");
            return output;
        }

        return tokens.Nested(() => ParseTag(tokens.Take()));
    }

    private Statement ParseTag(Token tag) => tag.Text switch
    {
        "if" => ParseIf(tag),
        "for" => ParseFor(tag),
        "set" => ParseSet(tag),
        "macro" => ParseMacro(tag),
        "call" => ParseCallBlock(tag),
        "filter" => ParseFilterBlock(tag),
        "with" => ParseWith(tag),
        "generation" => ParseGeneration(tag),
        "break" => Ended(InLoop(tag, new Break(tag.Line))),
        "continue" => Ended(InLoop(tag, new Continue(tag.Line))),
        _ => throw tokens.Error(tag, tag.Shown, $"one of {string.Join(", ", Tags)}"),
    };

    private Statement InLoop(Token tag, Statement statement) =>
        _loops > 0 ? statement : throw tokens.Error(tag, $"'{tag.Text}' outside a loop", "it within a for");

    private Statement Ended(Statement statement)
    {
        EndTag();
        return statement;
    }

    private void EndTag() => tokens.Expect(TokenKind.TagEnd, "'%}'");

    /// <summary>Takes the tag that continues or ends a block.</summary>
    /// <param name="opening">The block's first tag.</param>
    /// <param name="names">The tags that may come.</param>
    private string TakeBlockTag(Token opening, params ReadOnlySpan<string> names)
    {
        var expected = $"'{string.Join("' or '", names)}' for the '{opening.Text}' of line {opening.Line}";
        if (tokens.Current.Kind == TokenKind.End) throw tokens.Unexpected(expected);
        tokens.Take();   // "{%"
        var token = tokens.Current;
        if (token.Kind != TokenKind.Name || !names.Contains(token.Text)) throw tokens.Unexpected(expected);
        tokens.Take();
        return token.Text;
    }

    private List<Statement> ParseBlock(Token opening, string end)
    {
        EndTag();
        var body = ParseBody();
        TakeBlockTag(opening, end);
        if (end == "endmacro" && tokens.Current.Kind == TokenKind.Name) tokens.Take();   // Its name, again.
        EndTag();
        return body;
    }

    private If ParseIf(Token tag)
    {
        var branches = new List<(Expression, IReadOnlyList<Statement>)>();
        while (true)
        {
            var test = _expressions.ParseTuple();
            EndTag();
            branches.Add((test, ParseBody()));
            var next = TakeBlockTag(tag, "elif", "else", "endif");
            if (next == "elif") continue;
            return new If(tag.Line, branches, next == "else" ? ParseBlock(tag, "endif") : (List<Statement>)Empty());
        }

        List<Statement> Empty()
        {
            EndTag();
            return [];
        }
    }

    private For ParseFor(Token tag)
    {
        var target = ParseTargets(allowNamespace: false);
        tokens.ExpectName("in");
        var items = _expressions.ParseTuple(allowConditional: false);
        var filter = tokens.SkipName("if") ? _expressions.Parse() : null;
        if (tokens.Current.IsName("recursive")) throw tokens.Error(tokens.Current, "a recursive for", "one without recursion");
        EndTag();
        _loops++;
        var body = ParseBody();
        _loops--;
        if (TakeBlockTag(tag, "else", "endfor") == "else") return new For(tag.Line, target, items, filter, body, ParseBlock(tag, "endfor"));
        EndTag();
        return new For(tag.Line, target, items, filter, body, []);
    }

    private Statement ParseSet(Token tag)
    {
        var target = ParseTargets(allowNamespace: true);
        if (tokens.SkipOperator("="))
        {
            var value = _expressions.ParseTuple();
            EndTag();
            return new SetValue(tag.Line, target, value);
        }

        var filter = tokens.SkipOperator("|") ? ParseFilterChain() : null;
        return new SetBlock(tag.Line, target, filter, ParseBlock(tag, "endset"));
    }

    private FilterCall ParseFilterChain()
    {
        var filter = _expressions.ParseFilter(null);
        while (tokens.SkipOperator("|")) filter = _expressions.ParseFilter(filter);
        return filter;
    }

    private MacroStatement ParseMacro(Token tag)
    {
        var name = tokens.Expect(TokenKind.Name, "the macro's name").Text;
        return new MacroStatement(tag.Line, ParseMacroBody(tag, name, ParseParameters(), "endmacro"));
    }

    private CallBlock ParseCallBlock(Token tag)
    {
        var parameters = tokens.Current.IsOperator("(") ? ParseParameters() : [];
        var at = tokens.Current;
        if (_expressions.ParseTarget() is not Call call) throw tokens.Error(at, at.Shown, "a call of a macro");
        return new CallBlock(tag.Line, ParseMacroBody(tag, "caller", parameters, "endcall"), call);
    }

    private MacroDefinition ParseMacroBody(Token tag, string name, List<(string, Expression?)> parameters, string end)
    {
        var (outerNames, outerLoops) = (_expressions.NamesUsed, _loops);
        _expressions.NamesUsed = [];
        _loops = 0;
        var body = ParseBlock(tag, end);
        var names = _expressions.NamesUsed;
        outerNames.UnionWith(names);
        (_expressions.NamesUsed, _loops) = (outerNames, outerLoops);
        return new MacroDefinition(name, parameters, body, names);
    }

    private List<(string, Expression?)> ParseParameters()
    {
        var parameters = new List<(string, Expression?)>();
        tokens.ExpectOperator("(");
        while (!tokens.SkipOperator(")"))
        {
            if (parameters.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.SkipOperator(")")) break;
            }

            var name = tokens.Expect(TokenKind.Name, "a parameter's name").Text;
            parameters.Add((name, tokens.SkipOperator("=") ? _expressions.Parse() : null));
        }

        return parameters;
    }

    private FilterBlock ParseFilterBlock(Token tag)
    {
        var filter = ParseFilterChain();
        return new FilterBlock(tag.Line, filter, ParseBlock(tag, "endfilter"));
    }

    private ScopedBlock ParseWith(Token tag)
    {
        var variables = new List<(Target, Expression)>();
        while (tokens.Current.Kind != TokenKind.TagEnd)
        {
            if (variables.Count > 0) tokens.ExpectOperator(",");
            var target = ParseOneTarget(allowNamespace: false);
            tokens.ExpectOperator("=");
            variables.Add((target, _expressions.Parse()));
        }

        return new ScopedBlock(tag.Line, variables, ParseBlock(tag, "endwith"));
    }

    /// <summary>transformers marks the assistant's words with it; for the text it changes nothing.</summary>
    private ScopedBlock ParseGeneration(Token tag) => new(tag.Line, [], ParseBlock(tag, "endgeneration"));

    private Target ParseTargets(bool allowNamespace)
    {
        var first = ParseOneTarget(allowNamespace);
        if (!tokens.Current.IsOperator(",")) return first;
        var items = new List<Target> { first };
        while (tokens.SkipOperator(","))
        {
            if (tokens.Current.Kind != TokenKind.Name && !tokens.Current.IsOperator("(")) break;
            items.Add(ParseOneTarget(allowNamespace));
        }

        return new TupleTarget(items);
    }

    private Target ParseOneTarget(bool allowNamespace)
    {
        if (tokens.SkipOperator("("))
        {
            var inner = tokens.Nested(() => ParseTargets(allowNamespace));
            tokens.ExpectOperator(")");
            return inner;
        }

        var token = tokens.Expect(TokenKind.Name, "a variable's name");
        if (token.Text is "true" or "false" or "none" or "True" or "False" or "None") throw tokens.Error(token, token.Shown, "a variable's name");
        if (!allowNamespace || !tokens.SkipOperator(".")) return new NameTarget(token.Text);
        return new NamespaceTarget(token.Text, tokens.Expect(TokenKind.Name, "an attribute's name").Text);
    }
}

using System.Globalization;

namespace ActorInference.Gpu.ChatTemplates;

/// <summary>Parses expressions, with Jinja's precedence: from "if else" (weakest) over or, and, not, comparison, + -, ~, * / to filters.</summary>
internal sealed class ExpressionParser(TokenStream tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">="];

    /// <summary>Every variable mentioned since the set was last replaced.</summary>
    public HashSet<string> NamesUsed { get; set; } = [];

    /// <summary>An expression, or several with commas between them: a tuple.</summary>
    /// <param name="allowConditional">False where "if" begins something else, as after "for x in".</param>
    public Expression ParseTuple(bool allowConditional = true)
    {
        var line = tokens.Current.Line;
        var first = ParseOne();
        if (!tokens.Current.IsOperator(",")) return first;
        var items = new List<Expression> { first };
        while (tokens.SkipOperator(","))
        {
            if (EndsTuple()) break;
            items.Add(ParseOne());
        }

        return new TupleLiteral(line, items);

        Expression ParseOne() => allowConditional ? Parse() : tokens.Nested(ParseOr);
    }

    public Expression Parse() => tokens.Nested(ParseConditional);

    public CallArguments ParseArguments()
    {
        tokens.ExpectOperator("(");
        var positional = new List<Expression>();
        var named = new List<(string, Expression)>();
        while (!tokens.SkipOperator(")"))
        {
            if (positional.Count + named.Count > 0)
            {
                tokens.ExpectOperator(",");
                if (tokens.SkipOperator(")")) break;
            }

            if (tokens.Current.Kind == TokenKind.Name && tokens.Following.IsOperator("="))
            {
                var name = tokens.Take();
                tokens.Take();
                if (named.Any(pair => pair.Item1 == name.Text)) throw tokens.Error(name, $"the argument '{name.Text}' twice", "each name once");
                named.Add((name.Text, Parse()));
            }
            else
            {
                if (named.Count > 0) throw tokens.Unexpected("only named arguments after the first named one");
                positional.Add(Parse());
            }
        }

        return new CallArguments(positional, named);
    }

    /// <summary>A filter's name and arguments, after its "|" or the word filter.</summary>
    public FilterCall ParseFilter(Expression? target)
    {
        var token = tokens.Expect(TokenKind.Name, "a filter's name");
        if (!Filters.All.TryGetValue(token.Text, out var filter))
            throw tokens.Error(token, $"the filter '{token.Text}'", $"one of {string.Join(", ", Filters.All.Keys.Order(StringComparer.Ordinal))}");
        var arguments = tokens.Current.IsOperator("(") ? ParseArguments() : CallArguments.None;
        return new FilterCall(token.Line, target, token.Text, filter, arguments);
    }

    /// <summary>A value with its attributes, items and calls, but neither filters nor operators.</summary>
    public Expression ParseTarget() => ParsePostfix(ParsePrimary());

    private bool EndsTuple() =>
        tokens.Current.Kind is TokenKind.TagEnd or TokenKind.OutputEnd || tokens.Current.IsOperator(")") || tokens.Current.IsOperator("=");

    private Expression ParseConditional()
    {
        var line = tokens.Current.Line;
        var value = ParseOr();
        while (tokens.SkipName("if"))
        {
            var test = ParseOr();
            value = new Conditional(line, test, value, tokens.SkipName("else") ? Parse() : null);
        }

        return value;
    }

    private Expression ParseOr()
    {
        var line = tokens.Current.Line;
        var left = ParseAnd();
        while (tokens.SkipName("or")) left = new Or(line, left, ParseAnd());
        return left;
    }

    private Expression ParseAnd()
    {
        var line = tokens.Current.Line;
        var left = ParseNot();
        while (tokens.SkipName("and")) left = new And(line, left, ParseNot());
        return left;
    }

    private Expression ParseNot()
    {
        var line = tokens.Current.Line;
        return tokens.SkipName("not") ? new Not(line, tokens.Nested(ParseNot)) : ParseComparison();
    }

    private Expression ParseComparison()
    {
        var line = tokens.Current.Line;
        var first = ParseSum();
        var rest = new List<(string, Expression)>();
        while (ComparisonSymbol() is { } symbol) rest.Add((symbol, ParseSum()));
        return rest.Count == 0 ? first : new Comparison(line, first, rest);
    }

    private string? ComparisonSymbol()
    {
        if (tokens.Current.Kind == TokenKind.Operator && Comparisons.Contains(tokens.Current.Text)) return tokens.Take().Text;
        if (tokens.SkipName("in")) return "in";
        if (!tokens.Current.IsName("not") || !tokens.Following.IsName("in")) return null;
        tokens.Take();
        tokens.Take();
        return "not in";
    }

    private Expression ParseSum() => ParseChain(ParseConcatenation, "+", "-");

    private Expression ParseConcatenation()
    {
        var line = tokens.Current.Line;
        var first = ParseProduct();
        if (!tokens.Current.IsOperator("~")) return first;
        var parts = new List<Expression> { first };
        while (tokens.SkipOperator("~")) parts.Add(ParseProduct());
        return new Concatenation(line, parts);
    }

    private Expression ParseProduct() => ParseChain(ParsePower, "*", "/", "//", "%");

    private Expression ParsePower() => ParseChain(() => ParseUnary(withFilters: true), "**");

    private Expression ParseChain(Func<Expression> parse, params ReadOnlySpan<string> symbols)
    {
        var line = tokens.Current.Line;
        var left = parse();
        while (tokens.Current.Kind == TokenKind.Operator && symbols.Contains(tokens.Current.Text))
        {
            var symbol = tokens.Take().Text;
            left = new Arithmetic(line, symbol, left, parse());
        }

        return left;
    }

    private Expression ParseUnary(bool withFilters)
    {
        var token = tokens.Current;
        Expression value;
        if (token.IsOperator("-") || token.IsOperator("+"))
        {
            tokens.Take();
            value = new Negation(token.Line, token.Text, tokens.Nested(() => ParseUnary(withFilters: false)));
        }
        else
        {
            value = ParsePrimary();
        }

        value = ParsePostfix(value);
        return withFilters ? ParseFiltersAndTests(value) : value;
    }

    private Expression ParseFiltersAndTests(Expression value)
    {
        while (true)
        {
            if (tokens.SkipOperator("|")) value = ParseFilter(value);
            else if (tokens.SkipName("is")) value = ParseTest(value);
            else if (tokens.Current.IsOperator("(")) value = new Call(tokens.Current.Line, value, ParseArguments());
            else return value;
        }
    }

    private Expression ParseTest(Expression value)
    {
        var negated = tokens.SkipName("not");
        var token = tokens.Expect(TokenKind.Name, "a test's name");
        if (!Tests.All.TryGetValue(token.Text, out var test))
            throw tokens.Error(token, $"the test '{token.Text}'", $"one of {string.Join(", ", Tests.All.Keys.Order(StringComparer.Ordinal))}");
        var arguments = CallArguments.None;
        if (tokens.Current.IsOperator("(")) arguments = ParseArguments();
        else if (BeginsTestArgument()) arguments = new CallArguments([ParseTarget()], []);
        Expression result = new TestCall(token.Line, value, token.Text, test, arguments);
        return negated ? new Not(token.Line, result) : result;
    }

    private bool BeginsTestArgument() => tokens.Current.Kind switch
    {
        TokenKind.Name => tokens.Current.Text is not ("else" or "or" or "and" or "if" or "is" or "not" or "in"),
        TokenKind.String or TokenKind.Integer or TokenKind.Float => true,
        _ => tokens.Current.IsOperator("[") || tokens.Current.IsOperator("{"),
    };

    private Expression ParsePostfix(Expression value)
    {
        while (true)
        {
            var line = tokens.Current.Line;
            if (tokens.SkipOperator(".")) value = ParseAttribute(value, line);
            else if (tokens.SkipOperator("[")) value = ParseSubscript(value, line);
            else if (tokens.Current.IsOperator("(")) value = new Call(line, value, ParseArguments());
            else return value;
        }
    }

    private Expression ParseAttribute(Expression value, int line)
    {
        if (tokens.Current.Kind == TokenKind.Integer) return new ItemAccess(line, value, ParsePrimary());
        return new AttributeAccess(line, value, tokens.Expect(TokenKind.Name, "an attribute's name").Text);
    }

    private Expression ParseSubscript(Expression value, int line)
    {
        var start = tokens.Current.IsOperator(":") ? null : Parse();
        if (start is not null && tokens.SkipOperator("]")) return new ItemAccess(line, value, start);
        if (!tokens.Current.IsOperator(":")) throw tokens.Unexpected("']'");
        tokens.Take();
        var stop = tokens.Current.IsOperator(":") || tokens.Current.IsOperator("]") ? null : Parse();
        var step = tokens.SkipOperator(":") && !tokens.Current.IsOperator("]") ? Parse() : null;
        tokens.ExpectOperator("]");
        return new SliceAccess(line, value, start, stop, step);
    }

    private Expression ParsePrimary()
    {
        var token = tokens.Current;
        switch (token.Kind)
        {
            case TokenKind.Name:
                return ParseName(tokens.Take());
            case TokenKind.String:
                return new Literal(token.Line, ParseStrings());
            case TokenKind.Integer:
                tokens.Take();
                return PythonText.TryParseInteger(token.Text, out var integer)
                    ? new Literal(token.Line, integer)
                    : throw tokens.Error(token, token.Shown, "an integer");
            case TokenKind.Float:
                tokens.Take();
                return new Literal(token.Line, double.Parse(token.Text, NumberStyles.Float, CultureInfo.InvariantCulture));
        }

        if (tokens.SkipOperator("(")) return ParseParenthesis(token.Line);
        if (tokens.SkipOperator("[")) return new ListLiteral(token.Line, ParseItems("]", Parse));
        if (tokens.SkipOperator("{")) return new DictLiteral(token.Line, ParseItems("}", ParsePair));
        throw tokens.Unexpected("an expression");
    }

    private Expression ParseName(Token token)
    {
        switch (token.Text)
        {
            case "true" or "True":
                return new Literal(token.Line, true);
            case "false" or "False":
                return new Literal(token.Line, false);
            case "none" or "None":
                return new Literal(token.Line, None.Value);
            default:
                NamesUsed.Add(token.Text);
                return new Variable(token.Line, token.Text);
        }
    }

    /// <summary>Strings side by side are one, as in Python.</summary>
    private string ParseStrings()
    {
        var text = tokens.Take().Text;
        while (tokens.Current.Kind == TokenKind.String) text += tokens.Take().Text;
        return text;
    }

    private Expression ParseParenthesis(int line)
    {
        if (tokens.SkipOperator(")")) return new TupleLiteral(line, []);
        var value = ParseTuple();
        tokens.ExpectOperator(")");
        return value;
    }

    private List<T> ParseItems<T>(string close, Func<T> parse)
    {
        var items = new List<T>();
        while (!tokens.SkipOperator(close))
        {
            if (items.Count > 0)
            {
                if (!tokens.SkipOperator(",")) throw tokens.Unexpected($"',' or '{close}'");
                if (tokens.SkipOperator(close)) break;
            }

            items.Add(parse());
        }

        return items;
    }

    private (Expression, Expression) ParsePair()
    {
        var key = Parse();
        tokens.ExpectOperator(":");
        return (key, Parse());
    }
}

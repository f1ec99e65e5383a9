namespace LocalHost.Tables.Filters;

/// <summary>
/// Reads filters as the Table service takes them: comparisons of a property with a literal (or the other way round), a boolean property
/// alone, <c>and</c>, <c>or</c>, <c>not</c>, parentheses; at most 15 comparisons.
/// https://learn.microsoft.com/rest/api/storageservices/querying-tables-and-entities
/// </summary>
internal ref struct FilterParser
{
    private const int MaxComparisons = 15;

    private FilterLexer _lexer;
    private int _comparisons;

    private FilterParser(string text) => _lexer = new FilterLexer(text);

    /// <summary>Null if the text is not a filter that the service accepts.</summary>
    public static Filter? TryParse(string text)
    {
        var parser = new FilterParser(text);
        try
        {
            var filter = parser.Or();
            return parser._lexer.Current.Kind == TokenKind.End && parser._comparisons <= MaxComparisons ? filter : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private Filter Or()
    {
        var left = And();
        while (TakeWord("or"))
        {
            left = new Filter.Or(left, And());
        }

        return left;
    }

    private Filter And()
    {
        var left = Not();
        while (TakeWord("and"))
        {
            left = new Filter.And(left, Not());
        }

        return left;
    }

    private Filter Not() => TakeWord("not") ? new Filter.Not(Not()) : Primary();

    private Filter Primary()
    {
        if (!Take(TokenKind.Open))
        {
            return Comparison();
        }

        var inner = Or();
        return Take(TokenKind.Close) ? inner : throw new FormatException("A parenthesis is not closed.");
    }

    private Filter.Comparison Comparison()
    {
        _comparisons++;
        var left = Operand();
        if (_lexer.Current is not { Kind: TokenKind.Word } word || OperatorOf(word.Text) is not { } comparison)
        {
            return left.Kind == TokenKind.Word
                ? new Filter.Comparison(left.Text, Operator.Eq, true)
                : throw new FormatException("An operator is missing.");
        }

        _lexer.Next();
        var right = Operand();
        return (left.Kind, right.Kind) switch
        {
            (TokenKind.Word, TokenKind.Literal) => new Filter.Comparison(left.Text, comparison, right.Value!),
            (TokenKind.Literal, TokenKind.Word) => new Filter.Comparison(right.Text, Mirror(comparison), left.Value!),
            _ => throw new FormatException("A comparison is between a property and a literal."),
        };
    }

    private Token Operand()
    {
        var token = _lexer.Current;
        if (token.Kind is not (TokenKind.Word or TokenKind.Literal))
        {
            throw new FormatException("A property or a literal is missing.");
        }

        _lexer.Next();
        return token;
    }

    private static Operator? OperatorOf(string word) =>
        word switch
        {
            "eq" => Operator.Eq,
            "ne" => Operator.Ne,
            "gt" => Operator.Gt,
            "ge" => Operator.Ge,
            "lt" => Operator.Lt,
            "le" => Operator.Le,
            _ => null,
        };

    private static Operator Mirror(Operator comparison) =>
        comparison switch
        {
            Operator.Gt => Operator.Lt,
            Operator.Ge => Operator.Le,
            Operator.Lt => Operator.Gt,
            Operator.Le => Operator.Ge,
            _ => comparison,
        };

    private bool TakeWord(string word) => _lexer.Current is { Kind: TokenKind.Word } token && token.Text == word && Take(TokenKind.Word);

    private bool Take(TokenKind kind)
    {
        if (_lexer.Current.Kind != kind)
        {
            return false;
        }

        _lexer.Next();
        return true;
    }
}

namespace LocalHost.Tables.Filters;

/// <summary>
/// Parses the filters of Table Storage: comparisons of a property with a literal (or the reverse), boolean properties, <c>and</c>,
/// <c>or</c>, <c>not</c> and parentheses; at most 15 comparisons.
/// https://learn.microsoft.com/rest/api/storageservices/querying-tables-and-entities
/// </summary>
internal ref struct FilterParser
{
    private const int MaxComparisons = 15;

    private FilterLexer _lexer;
    private int _comparisons;

    private FilterParser(string text) => _lexer = new FilterLexer(text);

    /// <summary>Returns null if Table Storage would reject the filter.</summary>
    public static Filter? TryParse(string text)
    {
        var parser = new FilterParser(text);
        try
        {
            var filter = parser.ParseOr();
            return parser._lexer.Current.Kind == TokenKind.End && parser._comparisons <= MaxComparisons ? filter : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private Filter ParseOr()
    {
        var left = ParseAnd();
        while (TryReadWord("or"))
        {
            left = new Filter.Or(left, ParseAnd());
        }

        return left;
    }

    private Filter ParseAnd()
    {
        var left = ParseNot();
        while (TryReadWord("and"))
        {
            left = new Filter.And(left, ParseNot());
        }

        return left;
    }

    private Filter ParseNot() => TryReadWord("not") ? new Filter.Not(ParseNot()) : ParsePrimary();

    private Filter ParsePrimary()
    {
        if (!TryRead(TokenKind.Open))
        {
            return ParseComparison();
        }

        var inner = ParseOr();
        return TryRead(TokenKind.Close) ? inner : throw new FormatException("A parenthesis is not closed.");
    }

    private Filter.Comparison ParseComparison()
    {
        _comparisons++;
        var left = ReadOperand();
        if (_lexer.Current is not { Kind: TokenKind.Word } word || OperatorOf(word.Text) is not { } comparison)
        {
            return left.Kind == TokenKind.Word
                ? new Filter.Comparison(left.Text, Operator.Eq, true)
                : throw new FormatException("An operator is missing.");
        }

        _lexer.Next();
        var right = ReadOperand();
        return (left.Kind, right.Kind) switch
        {
            (TokenKind.Word, TokenKind.Literal) => new Filter.Comparison(left.Text, comparison, right.Value!),
            (TokenKind.Literal, TokenKind.Word) => new Filter.Comparison(right.Text, Mirror(comparison), left.Value!),
            _ => throw new FormatException("A comparison needs a property and a literal."),
        };
    }

    private Token ReadOperand()
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

    private bool TryReadWord(string word) =>
        _lexer.Current is { Kind: TokenKind.Word } token && token.Text == word && TryRead(TokenKind.Word);

    private bool TryRead(TokenKind kind)
    {
        if (_lexer.Current.Kind != kind)
        {
            return false;
        }

        _lexer.Next();
        return true;
    }
}

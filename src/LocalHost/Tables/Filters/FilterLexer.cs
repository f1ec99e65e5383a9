using System.Globalization;
using System.Text;

namespace LocalHost.Tables.Filters;

/// <summary>Splits a filter into tokens: words, parentheses and literals.</summary>
internal ref struct FilterLexer
{
    private ReadOnlySpan<char> _rest;

    public FilterLexer(string text)
    {
        _rest = text;
        Next();
    }

    public Token Current { get; private set; }

    /// <summary>Moves to the next token.</summary>
    /// <exception cref="FormatException">The text that follows is not a token.</exception>
    public void Next()
    {
        _rest = _rest.TrimStart(' ');
        Current = _rest switch
        {
            [] => new Token(TokenKind.End),
            ['(', ..] => ReadParenthesis(TokenKind.Open),
            [')', ..] => ReadParenthesis(TokenKind.Close),
            ['\'', ..] => Literal(ReadQuoted()),
            ['-' or (>= '0' and <= '9'), ..] => Literal(ReadNumber()),
            _ => ReadWord(),
        };
    }

    private static Token Literal(object value) => new(TokenKind.Literal, Value: value);

    private Token ReadParenthesis(TokenKind kind)
    {
        _rest = _rest[1..];
        return new Token(kind);
    }

    private Token ReadWord()
    {
        var length = 0;
        while (length < _rest.Length && (char.IsLetterOrDigit(_rest[length]) || _rest[length] == '_'))
        {
            length++;
        }

        if (length == 0)
        {
            throw new FormatException("Unexpected character.");
        }

        var word = _rest[..length].ToString();
        _rest = _rest[length..];
        var isQuoted = _rest is ['\'', ..];
        return word switch
        {
            "true" => Literal(true),
            "false" => Literal(false),
            "datetime" when isQuoted => Literal(
                DateTimeOffset.Parse(
                    ReadQuoted(),
                    CultureInfo.InvariantCulture,
                    DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal
                )
            ),
            "guid" when isQuoted => Literal(Guid.Parse(ReadQuoted())),
            "X" or "binary" when isQuoted => Literal(Convert.FromHexString(ReadQuoted())),
            _ => new Token(TokenKind.Word, word),
        };
    }

    private string ReadQuoted()
    {
        var text = new StringBuilder();
        for (var i = 1; i < _rest.Length; i++)
        {
            if (_rest[i] == '\'')
            {
                if (i + 1 == _rest.Length || _rest[i + 1] != '\'')
                {
                    _rest = _rest[(i + 1)..];
                    return text.ToString();
                }

                i++;
            }

            text.Append(_rest[i]);
        }

        throw new FormatException("A quote is not closed.");
    }

    private object ReadNumber()
    {
        var length = 1;
        while (
            length < _rest.Length
            && (
                char.IsAsciiDigit(_rest[length])
                || _rest[length] is '.' or 'e' or 'E'
                || (_rest[length] is '-' or '+' && _rest[length - 1] is 'e' or 'E')
            )
        )
        {
            length++;
        }

        var digits = _rest[..length];
        _rest = _rest[length..];
        if (_rest is ['L', ..])
        {
            _rest = _rest[1..];
            return long.TryParse(digits, CultureInfo.InvariantCulture, out var large) ? large : throw new FormatException("Not a number.");
        }

        return int.TryParse(digits, CultureInfo.InvariantCulture, out var number) ? (object)number
            : double.TryParse(digits, CultureInfo.InvariantCulture, out var real) ? real
            : throw new FormatException("Not a number.");
    }
}

namespace LocalHost.Tables.Filters;

/// <summary>A token of a filter: a word has a text, a literal a value.</summary>
internal readonly record struct Token(TokenKind Kind, string Text = "", object? Value = null);

internal enum TokenKind
{
    End,
    Open,
    Close,
    Word,
    Literal,
}

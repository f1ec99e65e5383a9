namespace EventSubscriptions.Secrets;

/// <summary>A secret string. <c>ToString()</c> returns <c>***</c>; use <see cref="Reveal"/> to read it.</summary>
public sealed class Secret(string value)
{
    /// <summary>The text. Only code that sends or encrypts it should call this.</summary>
    public string Reveal() => value;

    /// <inheritdoc/>
    public override string ToString() => "***";
}

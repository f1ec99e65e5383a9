namespace EventSubscriptions.Secrets;

/// <summary>A secret string. <c>ToString()</c> returns <c>***</c>; use <see cref="Reveal"/> to read it.</summary>
public sealed class Secret(string value) : IEquatable<Secret>
{
    /// <summary>The text. Only code that sends or encrypts it should call this.</summary>
    public string Reveal() => value;

    /// <inheritdoc/>
    public override string ToString() => "***";

    /// <inheritdoc/>
    public bool Equals(Secret? other) => other is not null && value == other.Reveal();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Secret);

    /// <inheritdoc/>
    public override int GetHashCode() => value.GetHashCode(StringComparison.Ordinal);
}

using EventSubscriptions.Secrets;

namespace EventSubscriptions.Subscriptions.Formats;

/// <summary>Values that a template can insert and no response shows, by name.</summary>
public sealed class TemplateSecrets(IReadOnlyDictionary<string, Secret> values) : IEquatable<TemplateSecrets>
{
    public const int MaxCount = 8;

    /// <summary>The longest value, in characters.</summary>
    public const int MaxLength = 2 * 1024;

    public static readonly TemplateSecrets None = new(new SortedDictionary<string, Secret>(StringComparer.Ordinal));

    public IReadOnlyDictionary<string, Secret> Values => values;

    /// <inheritdoc/>
    public bool Equals(TemplateSecrets? other) => other is not null && values.SequenceEqual(other.Values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TemplateSecrets);

    /// <inheritdoc/>
    public override int GetHashCode() => values.Count;
}

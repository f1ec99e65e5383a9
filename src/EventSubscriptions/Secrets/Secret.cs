namespace EventSubscriptions.Secrets;

/// <summary>A text that may be sent to its owner and nowhere else: it shows as <c>***</c>.</summary>
public sealed class Secret(string value)
{
    /// <summary>The text itself. Only what sends or encrypts it should ask.</summary>
    public string Reveal() => value;

    /// <inheritdoc/>
    public override string ToString() => "***";
}

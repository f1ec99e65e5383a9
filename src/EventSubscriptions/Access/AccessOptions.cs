using EventSubscriptions.Options;
using EventSubscriptions.Secrets;

namespace EventSubscriptions.Access;

/// <summary>The key from the settings, which issues the first API keys.</summary>
/// <param name="AdminKey"><c>Access__AdminKey</c>: 32 to 256 printable ASCII characters without spaces.</param>
public sealed record AccessOptions(Secret AdminKey)
{
    private const string Setting = "Access__AdminKey";
    private const int MinLength = 32;
    private const int MaxLength = 256;

    /// <summary>Reads and checks the setting.</summary>
    public static AccessOptions Read(OptionsReader reader)
    {
        var key = reader.RequiredText(Setting);
        if (key is not null && (key.Length is < MinLength or > MaxLength || key.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            reader.AddError(Setting, $"must be {MinLength} to {MaxLength} printable ASCII characters without spaces");
        }

        return new AccessOptions(new Secret(key ?? ""));
    }
}

using System.Security.Cryptography;

namespace EventSubscriptions.Subscriptions;

/// <summary>A key that deliveries are signed with (Standard Webhooks §Signature scheme). It shows as <c>***</c>.</summary>
public sealed class SigningSecret(ReadOnlyMemory<byte> key)
{
    /// <summary>What the text of every secret begins with.</summary>
    public const string Prefix = "whsec_";

    /// <summary>The length of our keys in bytes.</summary>
    public const int KeyLength = 32;

    /// <summary>What signs.</summary>
    public ReadOnlySpan<byte> Key => key.Span;

    /// <summary>Makes a random one.</summary>
    public static SigningSecret New() => new(RandomNumberGenerator.GetBytes(KeyLength));

    /// <summary><c>whsec_</c> and the key in base64, as receivers take it. Only what answers its owner, or hides it, should ask.</summary>
    public string Reveal() => Prefix + Convert.ToBase64String(Key);

    /// <inheritdoc/>
    public override string ToString() => "***";
}

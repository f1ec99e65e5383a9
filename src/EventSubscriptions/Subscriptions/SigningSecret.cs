using System.Security.Cryptography;

namespace EventSubscriptions.Subscriptions;

/// <summary>A key that signs deliveries (Standard Webhooks §Signature scheme). <c>ToString()</c> returns <c>***</c>.</summary>
public sealed class SigningSecret(ReadOnlyMemory<byte> key)
{
    /// <summary>The prefix of every secret.</summary>
    public const string Prefix = "whsec_";

    /// <summary>The length of a key in bytes.</summary>
    public const int KeyLength = 32;

    /// <summary>The key.</summary>
    public ReadOnlySpan<byte> Key => key.Span;

    /// <summary>Creates a random secret.</summary>
    public static SigningSecret New() => new(RandomNumberGenerator.GetBytes(KeyLength));

    /// <summary>
    /// <c>whsec_</c> and the key in base64, as receivers configure it. Only code that shows it to its owner, or removes it, should call
    /// this.
    /// </summary>
    public string Reveal() => Prefix + Convert.ToBase64String(Key);

    /// <inheritdoc/>
    public override string ToString() => "***";
}

using System.Buffers.Binary;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// The secrets that sign a subscription's deliveries, newest first: the current one, and those that keep signing for a while after a
/// rotation, so that a receiver can switch without rejecting anything.
/// </summary>
public sealed class SigningSecrets
{
    /// <summary>The most secrets that sign at once, because each adds a signature to the header. The oldest is dropped.</summary>
    public const int MaxCount = 5;

    /// <summary>For a row that is older than signatures: deliveries are unsigned until the secret is rotated.</summary>
    public static readonly SigningSecrets None = new([]);

    private const int EntryLength = sizeof(long) + SigningSecret.KeyLength;

    private readonly TimedSecret[] _secrets;

    private SigningSecrets(TimedSecret[] secrets) => _secrets = secrets;

    /// <summary>All secrets, newest first. Some may have expired.</summary>
    public ReadOnlySpan<TimedSecret> All => _secrets;

    /// <summary>The newest secret. Throws for <see cref="None"/>.</summary>
    public SigningSecret Current => _secrets[0].Secret;

    /// <summary>The time until which the secret before the newest signs; null if it doesn't sign any more.</summary>
    public DateTimeOffset? PreviousUntil => _secrets.Length > 1 ? _secrets[1].Until : null;

    /// <summary>Those of a new subscription.</summary>
    public static SigningSecrets New() => Of(SigningSecret.New());

    /// <summary>A single secret without an end.</summary>
    public static SigningSecrets Of(SigningSecret secret) => new([new(secret, DateTimeOffset.MaxValue)]);

    /// <summary>Adds a new secret. The previous ones keep signing for the overlap, or until their own earlier end.</summary>
    public SigningSecrets Rotate(DateTimeOffset now, TimeSpan overlap)
    {
        var end = now + overlap;
        var kept = _secrets.Select(secret => secret.Until < end ? secret : secret with { Until = end }).Where(secret => secret.Until > now);
        return new([new(SigningSecret.New(), DateTimeOffset.MaxValue), .. kept.Take(MaxCount - 1)]);
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    internal static SigningSecrets Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length == 0 || bytes.Length % EntryLength != 0)
        {
            throw new InvalidDataException("The value does not contain signing secrets.");
        }

        var secrets = new TimedSecret[bytes.Length / EntryLength];
        for (var i = 0; i < secrets.Length; i++)
        {
            var entry = bytes.Slice(i * EntryLength, EntryLength);
            var until = new DateTimeOffset(BinaryPrimitives.ReadInt64LittleEndian(entry.Span), TimeSpan.Zero);
            secrets[i] = new(new SigningSecret(entry[sizeof(long)..]), until);
        }

        return new(secrets);
    }

    /// <summary>Each secret's end in UTC ticks (8 bytes, little-endian) and its key (32).</summary>
    internal byte[] ToBytes()
    {
        var bytes = new byte[_secrets.Length * EntryLength];
        for (var i = 0; i < _secrets.Length; i++)
        {
            var entry = bytes.AsSpan(i * EntryLength, EntryLength);
            BinaryPrimitives.WriteInt64LittleEndian(entry, _secrets[i].Until.UtcTicks);
            _secrets[i].Secret.Key.CopyTo(entry[sizeof(long)..]);
        }

        return bytes;
    }
}

/// <summary>A secret and the time from which it no longer signs.</summary>
public readonly record struct TimedSecret(SigningSecret Secret, DateTimeOffset Until);

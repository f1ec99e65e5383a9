using System.Buffers.Binary;

namespace EventSubscriptions.Subscriptions;

/// <summary>
/// What a subscription's deliveries are signed with, newest first: the current secret, and those that rotations left signing for a while,
/// so that a receiver can change over without refusing anything.
/// </summary>
public sealed class SigningSecrets
{
    /// <summary>How many may sign at once, since each adds a signature to the header. Beyond, the oldest stops.</summary>
    public const int MaxCount = 5;

    /// <summary>For a row from before there were signatures: its deliveries carry none until its secret is rotated.</summary>
    public static readonly SigningSecrets None = new([]);

    private const int EntryLength = sizeof(long) + SigningSecret.KeyLength;

    private readonly TimedSecret[] _secrets;

    private SigningSecrets(TimedSecret[] secrets) => _secrets = secrets;

    /// <summary>All that are kept, newest first. Some may have run out.</summary>
    public ReadOnlySpan<TimedSecret> All => _secrets;

    /// <summary>The newest. There is one in all but <see cref="None"/>.</summary>
    public SigningSecret Current => _secrets[0].Secret;

    /// <summary>Those of a new subscription.</summary>
    public static SigningSecrets New() => Of(SigningSecret.New());

    /// <summary>One that nothing ends but a rotation.</summary>
    public static SigningSecrets Of(SigningSecret secret) => new([new(secret, DateTimeOffset.MaxValue)]);

    /// <summary>A new secret, beside which those before it sign for the overlap, or until the end that they have already where that comes first.</summary>
    public SigningSecrets Rotate(DateTimeOffset now, TimeSpan overlap)
    {
        var end = now + overlap;
        var kept = _secrets.Select(secret => secret.Until < end ? secret : secret with { Until = end }).Where(secret => secret.Until > now);
        return new([new(SigningSecret.New(), DateTimeOffset.MaxValue), .. kept.Take(MaxCount - 1)]);
    }

    /// <summary>What <see cref="ToBytes"/> wrote.</summary>
    internal static SigningSecrets Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length == 0 || bytes.Length % EntryLength != 0)
        {
            throw new InvalidDataException("These are no signing secrets.");
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

    /// <summary>For each its end in UTC ticks (8 bytes, little-endian) and its key (32).</summary>
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

/// <summary>A secret and the moment from which it no longer signs.</summary>
public readonly record struct TimedSecret(SigningSecret Secret, DateTimeOffset Until);

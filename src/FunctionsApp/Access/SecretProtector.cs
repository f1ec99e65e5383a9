namespace EventSubscriptions.Access;

/// <summary>Encrypts what is kept secret in tables: AES-256-GCM, the key id beside the ciphertext, the place as associated data.</summary>
public sealed class SecretProtector
{
    /// <summary>Encrypts with the first of <c>Secrets__Keys</c>.</summary>
    public byte[] Protect(ReadOnlySpan<byte> plaintext, in SecretPlace place) => throw new NotImplementedException();

    /// <summary>Decrypts with whichever key encrypted. Throws <see cref="System.Security.Cryptography.CryptographicException"/> where the key is gone or the place isn't the one it was encrypted for.</summary>
    public byte[] Unprotect(ReadOnlySpan<byte> ciphertext, in SecretPlace place) => throw new NotImplementedException();
}

/// <summary>The cell that a ciphertext belongs to: moved elsewhere, it does not decrypt.</summary>
public readonly record struct SecretPlace(string Table, string PartitionKey, string RowKey, string Column);

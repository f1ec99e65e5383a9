using System.Security.Cryptography;
using EventSubscriptions.Options;
using EventSubscriptions.Secrets;
using Microsoft.Extensions.Configuration;

namespace EventSubscriptions.Tests.Secrets;

public sealed class SecretProtectorTests
{
    private static readonly SecretPlace s_place = new("subscriptions", "1", "s:sub_1", "token");
    private static readonly string s_first = $"first:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";
    private static readonly string s_second = $"second:{Convert.ToBase64String(RandomNumberGenerator.GetBytes(32))}";

    [Fact]
    public void Secret_round_trips()
    {
        var protector = With(s_first);

        var protectedOnce = protector.Protect("secret"u8, s_place);

        Assert.Equal("secret"u8, protector.Unprotect(protectedOnce, s_place));
        Assert.Empty(protector.Unprotect(protector.Protect([], s_place), s_place));
        Assert.NotEqual(protectedOnce, protector.Protect("secret"u8, s_place));
    }

    [Theory]
    [InlineData("other", "1", "s:sub_1", "token")]
    [InlineData("subscriptions", "2", "s:sub_1", "token")]
    [InlineData("subscriptions", "1", "s:sub_2", "token")]
    [InlineData("subscriptions", "1", "s:sub_1", "other")]
    [InlineData("subscriptions", "1s", ":sub_1", "token")]
    [InlineData("subscriptions1", "", "s:sub_1", "token")]
    public void Secret_does_not_decrypt_when_it_was_moved(string table, string partition, string row, string column)
    {
        var protector = With(s_first);
        var ciphertext = protector.Protect("secret"u8, s_place);

        Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(ciphertext, new SecretPlace(table, partition, row, column)));
    }

    [Fact]
    public void Secret_does_not_decrypt_when_a_bit_is_flipped()
    {
        var protector = With(s_first);
        var ciphertext = protector.Protect("secret"u8, s_place);

        for (var bit = 0; bit < ciphertext.Length * 8; bit++)
        {
            var damaged = ciphertext.ToArray();
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(damaged, s_place));
        }
    }

    [Fact]
    public void Secret_does_not_decrypt_when_it_is_cut_off()
    {
        var protector = With(s_first);
        var ciphertext = protector.Protect("secret"u8, s_place);

        for (var length = 0; length < ciphertext.Length; length++)
        {
            Assert.ThrowsAny<CryptographicException>(() => protector.Unprotect(ciphertext.AsSpan(0, length), s_place));
        }
    }

    [Fact]
    public void First_key_encrypts_and_all_decrypt_when_keys_rotate()
    {
        var old = With(s_first).Protect("secret"u8, s_place);
        var rotated = With(s_second, s_first);

        Assert.Equal("secret"u8, rotated.Unprotect(old, s_place));
        Assert.Equal("secret"u8, With(s_second).Unprotect(rotated.Protect("secret"u8, s_place), s_place));
        Assert.ThrowsAny<CryptographicException>(() => With(s_second).Unprotect(old, s_place));
    }

    [Fact]
    public void Key_under_the_id_of_another_does_not_decrypt()
    {
        var ciphertext = With(s_first).Protect("secret"u8, s_place);

        Assert.ThrowsAny<CryptographicException>(() =>
            With(s_second.Replace("second", "first", StringComparison.Ordinal)).Unprotect(ciphertext, s_place)
        );
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("abc", 1)]
    [InlineData("a:AAAA", 1)]
    [InlineData("a b:{0}", 1)]
    [InlineData(":{0}", 1)]
    [InlineData("a:{0},", 1)]
    [InlineData("a:{0},a:{0}", 1)]
    [InlineData("a,b,a:{0}", 2)]
    [InlineData("a:{0}, b:{0}", 0)]
    public void Setting_errors_are_all_reported_without_a_key(string setting, int errors)
    {
        var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
        var reader = Reader(setting.Replace("{0}", key, StringComparison.Ordinal));

        SecretOptions.Read(reader);

        Assert.Equal(errors, reader.Errors.Count);
        Assert.All(reader.Errors, error => Assert.StartsWith("Secrets__Keys ", error, StringComparison.Ordinal));
        Assert.All(reader.Errors, error => Assert.DoesNotContain(key, error, StringComparison.Ordinal));
    }

    private static SecretProtector With(params string[] keys) => new(SecretOptions.Read(Reader(string.Join(',', keys))));

    private static OptionsReader Reader(string keys) =>
        new(new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("Secrets:Keys", (string?)keys)]).Build());
}

using EventSubscriptions.Access;
using EventSubscriptions.Http;

namespace EventSubscriptions.Tests.Access;

public sealed class ApiKeyTests
{
    [Fact]
    public void Text_of_a_key_holds_its_id_and_256_bits()
    {
        var (id, text) = ApiKey.NewText(TimeProvider.System, Given.Mark);

        Assert.Matches("^key_[0-9a-v]{26}$", id.ToString());
        Assert.Matches("^es_[0-9a-v]{26}_[0-9a-v]{60}$", text.Reveal());
        Assert.True(ApiKey.TryParseText(text.Reveal(), Given.Mark, out var parsed, out var isMarked));
        Assert.Equal(id, parsed);
        Assert.True(isMarked);
        Assert.True(ApiKey.TryParseText(text.Reveal()[..^KeyMark.Length], Given.Mark, out parsed, out isMarked));
        Assert.Equal(id, parsed);
        Assert.False(isMarked);
        Assert.NotEqual(text.Reveal(), ApiKey.NewText(TimeProvider.System, Given.Mark).Text.Reveal());
        Assert.Equal("***", text.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("es_")]
    [InlineData("es_nobody_0000")]
    [InlineData("es_0123456789abcdefghijklmnop_0123")]
    [InlineData("es_0123456789ABCDEFGHIJKLMNOP_0123456789abcdefghijklmnopqrstuv0123456789abcdefghij")]
    [InlineData("xx_0123456789abcdefghijklmnop_0123456789abcdefghijklmnopqrstuv0123456789abcdefghij")]
    [InlineData("es_0123456789abcdefghijklmnop-0123456789abcdefghijklmnopqrstuv0123456789abcdefghij")]
    public void Text_is_not_a_key_when_its_form_differs(string text) => Assert.False(ApiKey.TryParseText(text, Given.Mark, out _, out _));

    [Fact]
    public void Text_is_not_a_key_when_one_character_differs()
    {
        var text = ApiKey.NewText(TimeProvider.System, Given.Mark).Text.Reveal();

        for (var i = 0; i < text.Length; i++)
        {
            var other = $"{text[..i]}{(text[i] == '0' ? '1' : '0')}{text[(i + 1)..]}";
            Assert.False(ApiKey.TryParseText(other, Given.Mark, out _, out _), other);
        }
    }

    [Theory]
    [InlineData(Role.Read, "read")]
    [InlineData(Role.Analyst, "read analyst")]
    [InlineData(Role.Publish, "publish")]
    [InlineData(Role.Manage, "read analyst publish manage")]
    [InlineData(Role.Admin, "read analyst publish manage admin")]
    public void Role_includes_the_documented_roles(Role role, string may) =>
        Assert.Equal(may.Split(' '), Enum.GetValues<Role>().Where(new Caller(Given.Actor(""), role, null).May).Select(EnumNames<Role>.Of));
}

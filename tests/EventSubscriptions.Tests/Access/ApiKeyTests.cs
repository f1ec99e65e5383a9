using EventSubscriptions.Access;

namespace EventSubscriptions.Tests.Access;

public sealed class ApiKeyTests
{
    [Fact]
    public void Text_of_a_key_holds_its_id_and_256_bits()
    {
        var (id, text) = ApiKey.NewText(TimeProvider.System);

        Assert.Matches("^key_[0-9a-v]{26}$", id);
        Assert.Matches("^es_[0-9a-v]{26}_[0-9a-v]{52}$", text.Reveal());
        Assert.True(ApiKey.TryParseText(text.Reveal(), out var parsed));
        Assert.Equal(id, parsed);
        Assert.NotEqual(text.Reveal(), ApiKey.NewText(TimeProvider.System).Text.Reveal());
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
    public void Other_text_is_no_key(string text) => Assert.False(ApiKey.TryParseText(text, out _));

    [Theory]
    [InlineData(Role.Read, "read")]
    [InlineData(Role.Publish, "publish")]
    [InlineData(Role.Manage, "read publish manage")]
    [InlineData(Role.Admin, "read publish manage admin")]
    public void Role_includes_those_that_it_should(Role role, string may) =>
        Assert.Equal(may.Split(' '), RoleNames.All.Where(name => new Caller("", role, null).May(RoleNames.Parse(name)!.Value)));
}

using System.Net;
using LocalHost.Hosting;

namespace LocalHost.Tests.Hosting;

public sealed class CommandLineTests
{
    [Fact]
    public void Command_line_has_safe_defaults()
    {
        var line = CommandLine.Parse([]);

        Assert.Equal(
            (7071, IPAddress.Loopback, Path.GetFullPath(".data"), false),
            (line.Port, line.Address, line.DataDirectory, line.Help)
        );
    }

    [Theory]
    [InlineData("--port", "0", "--data", "state", "--host", "0.0.0.0")]
    [InlineData("--port=0", "--data=state", "--host=0.0.0.0")]
    [InlineData("--host", "*", "--port", "0", "--data", "./state")]
    public void Command_line_accepts_options_in_any_order_and_form(params string[] args)
    {
        var line = CommandLine.Parse(args);

        Assert.Equal((0, IPAddress.Any, Path.GetFullPath("state")), (line.Port, line.Address, line.DataDirectory));
    }

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    [InlineData("--port", "1", "--help")]
    public void Command_line_has_help_in_any_position(params string[] args) => Assert.True(CommandLine.Parse(args).Help);

    [Fact]
    public void Command_line_has_the_demo()
    {
        Assert.True(CommandLine.Parse(["--port", "0", "--demo"]).Demo);
        Assert.False(CommandLine.Parse([]).Demo);
    }

    [Fact]
    public void Command_line_has_paused_and_version()
    {
        Assert.Equal((true, true), (CommandLine.Parse(["--paused"]).Paused, CommandLine.Parse(["--version"]).Version));
        Assert.Equal((false, false), (CommandLine.Parse([]).Paused, CommandLine.Parse([]).Version));
    }

    [Fact]
    public void Command_line_backs_up_to_a_folder() =>
        Assert.Equal(
            (Path.GetFullPath("copy"), Path.GetFullPath("state")),
            (
                CommandLine.Parse(["backup", "copy", "--data", "state"]).BackupDirectory,
                CommandLine.Parse(["backup", "copy", "--data", "state"]).DataDirectory
            )
        );

    [Theory]
    [InlineData("backup")]
    [InlineData("--demonstrate")]
    [InlineData("serve")]
    [InlineData("--port")]
    [InlineData("--port", "x")]
    [InlineData("--port", "-1")]
    [InlineData("--port", "65536")]
    [InlineData("--data", "")]
    [InlineData("--host", "example.com")]
    public void Command_line_is_refused_in_one_line_when_an_option_is_invalid(params string[] args)
    {
        var exception = Assert.Throws<StartupException>(() => CommandLine.Parse(args));

        Assert.Equal(2, exception.ExitCode);
        Assert.Contains(args[0], exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
    }
}

using Microsoft.Extensions.Configuration;
using Ops.Dashboard.Features.Access.Demo;
using Ops.Dashboard.Features.Access.Http;
using Ops.Dashboard.Features.Access.Setup;
using Ops.Dashboard.Features.Access.SignIn;

namespace Ops.Dashboard.Tests.Features.Access;

public sealed class AccessRulesTests
{
    [Theory]
    [InlineData("/models?q=1#top", "/models?q=1#top")]
    [InlineData("/", "/")]
    [InlineData(null, "/")]
    [InlineData("", "/")]
    [InlineData("models", "/")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("/a\\..\\b", "/")]
    [InlineData("/\t/evil.example", "/")]
    [InlineData("/\n/evil.example", "/")]
    [InlineData("http://evil.example", "/")]
    [InlineData("javascript:alert(1)", "/")]
    public void OrHome_OnlyLocalPaths_Stay(string? url, string expected) => Assert.Equal(expected, LocalUrl.OrHome(url));

    [Theory]
    [InlineData("short", "root", false)]
    [InlineData("elevenchars", "root", false)]
    [InlineData("password1234", "root", false)]
    [InlineData("PasswordPassword", "root", false)]
    [InlineData("aaaaaaaaaaaaaaaa", "root", false)]
    [InlineData("abcdabcdabcdabcd", "root", false)]
    [InlineData("annabellemiller1", "annabellemiller", false)]
    [InlineData("quiet rivers run", "root", true)]
    [InlineData("кошка на крыше", "root", true)]
    public void Check_Password_IsLongAndNotAmongTheFirstTried(string password, string name, bool accepted) =>
        Assert.Equal(accepted, PasswordRules.Check(password, name).Succeeded);

    [Fact]
    public void Check_PasswordOf129Characters_IsRefused() =>
        Assert.False(PasswordRules.Check(string.Concat(Enumerable.Range(0, 129).Select(at => (char)('a' + (at * 7 % 26)))), "root").Succeeded);

    [Fact]
    public void Generate_Passwords_AreAcceptedAndDiffer()
    {
        var made = Enumerable.Range(0, 50).Select(_ => PasswordRules.Generate()).ToList();
        Assert.Equal(50, made.Distinct().Count());
        Assert.All(made, password => Assert.True(PasswordRules.Check(password, "root").Succeeded));
    }

    [Theory]
    [InlineData("anna.b@example.org", true)]
    [InlineData("a1", true)]
    [InlineData("a", false)]
    [InlineData("Anna", false)]
    [InlineData("аnna", false)]
    [InlineData("an na", false)]
    [InlineData("anna\u202e", false)]
    [InlineData("-anna", false)]
    [InlineData("anna\n", false)]
    [InlineData("<script>", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Check_UserName_TakesOnlyWhatCannotBeMistaken(string? name, bool accepted) => Assert.Equal(accepted, UserNames.Check(name).Succeeded);

    [Theory]
    [InlineData("http://localhost:5080", true)]
    [InlineData("https://127.0.0.1:5443", true)]
    [InlineData("http://127.8.8.8:1", true)]
    [InlineData("http://[::1]:5080", true)]
    [InlineData("http://LOCALHOST:0", true)]
    [InlineData("http://0.0.0.0:5080", false)]
    [InlineData("http://[::]:5080", false)]
    [InlineData("http://*:5080", false)]
    [InlineData("http://+:5080", false)]
    [InlineData("http://192.168.1.5:5080", false)]
    [InlineData("http://localhost.evil.example:5080", false)]
    [InlineData("http://ops.example", false)]
    [InlineData("nonsense", false)]
    public void IsLoopback_OnlyThisMachine_Counts(string address, bool loopback) => Assert.Equal(loopback, LoopbackOnly.IsLoopback(address));

    [Theory]
    [InlineData("urls", "http://localhost:5080;http://0.0.0.0:80", "http://0.0.0.0:80")]
    [InlineData("Kestrel:Endpoints:Web:Url", "http://*:5080", "http://*:5080")]
    [InlineData("http_ports", "8080", "http_ports=8080")]
    public void Offenders_WhereverConfigured_AreFound(string key, string value, string offender)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new(key, value)]).Build();
        Assert.Equal([offender], LoopbackOnly.Offenders(configuration));
    }

    [Theory]
    [InlineData("http://[::]:5080", "http://localhost:5080/setup?token=x")]
    [InlineData("http://0.0.0.0:5080", "http://localhost:5080/setup?token=x")]
    [InlineData("https://ops.example:443", "https://ops.example:443/setup?token=x")]
    [InlineData(null, "/setup?token=x")]
    public void Absolute_SetupLink_OpensOnThisMachine(string? address, string expected) =>
        Assert.Equal(expected, SetupLinkAnnouncer.Absolute("/setup?token=x", address is null ? [] : [address]));
}

using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.FileSystem;
using Ops.Dashboard.Features.ModelStore.Git;
using Ops.Dashboard.Features.ModelStore.Stores;
using Ops.Dashboard.Hosting;
using Ops.Data;

namespace Ops.Dashboard.Tests.Features.ModelStore;

public sealed class GitStoreKindTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-kind-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Theory]
    [InlineData("")]
    [InlineData("../../etc/passwd")]
    [InlineData(@"\..\..\x")]
    [InlineData("file:///etc/passwd")]
    [InlineData("://x/y.git")]
    [InlineData("ext::sh -c id")]
    [InlineData("-uploadpack=x")]
    [InlineData("--upload-pack=/bin/sh")]
    [InlineData("https://host/a/../../b.git")]
    [InlineData("https://host/..%2f..%2fx")]
    [InlineData("https://host/%252e%252e%252f")]
    [InlineData("https://host/a\0.git")]
    [InlineData("https://user:secret@host/a.git")]
    [InlineData("https://host/a.git?x=y")]
    [InlineData("https://host/$(id).git")]
    [InlineData("https://-oProxyCommand=x/a.git")]
    [InlineData("ssh://-oProxyCommand=x/a.git")]
    [InlineData("ssh://git@-oProxyCommand=x/a.git")]
    [InlineData("ssh://git:pw@host/a.git")]
    [InlineData("git@host:a.git")]
    [InlineData("git://host/a.git")]
    [InlineData("http://host/a.git")]
    [InlineData("https://169.254.169.254/a.git")]
    [InlineData("https://2852039166/a.git")]
    [InlineData("https://[::ffff:169.254.169.254]/a.git")]
    public void Repository_ThatCouldMeanSomethingElse_IsRefused(string repository)
    {
        var made = Create(new { repository });

        Assert.Equal((false, "repository"), (made.Succeeded, made.Failure?.Field));
    }

    [Theory]
    [InlineData("https://host/group/models.git")]
    [InlineData("http://127.0.0.1:8080/models.git")]
    [InlineData("https://[::1]/models.git")]
    public void Repository_OverHttp_IsTaken(string repository) => Assert.True(Create(new { repository }).Succeeded);

    [Fact]
    public void Repository_OverSsh_NeedsKeyAndHost()
    {
        const string repository = "ssh://git@host:2222/models.git";
        const string key = "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----";

        Assert.Equal("sshKey", Create(new { repository, knownHosts = "host ssh-ed25519 AAAA" }).Failure!.Field);
        Assert.Equal("knownHosts", Create(new { repository }, ("sshKey", key)).Failure!.Field);
        Assert.True(Create(new { repository, knownHosts = "host ssh-ed25519 AAAA" }, ("sshKey", key)).Succeeded);
    }

    [Fact]
    public void Repository_OfThisMachine_MustBeBelowAnAllowedRoot()
    {
        var (allowed, other) = (Directory.CreateDirectory(Path.Combine(root, "allowed")).FullName, Directory.CreateDirectory(Path.Combine(root, "other")).FullName);
        Directory.CreateDirectory(Path.Combine(other, "a.git"));
        Directory.CreateSymbolicLink(Path.Combine(allowed, "link.git"), Path.Combine(other, "a.git"));

        Assert.True(Create(new { repository = Path.Combine(allowed, "a.git") }, allowed).Succeeded);
        Assert.False(Create(new { repository = Path.Combine(allowed, "link.git") }, allowed).Succeeded);
        Assert.False(Create(new { repository = Path.Combine(other, "a.git") }, allowed).Succeeded);
        Assert.False(Create(new { repository = allowed + "-not/a.git" }, allowed).Succeeded);
        Assert.False(Create(new { repository = allowed }, allowed).Succeeded);
        Assert.False(Create(new { repository = Path.Combine(allowed, "a.git") }).Succeeded);
    }

    [Theory]
    [InlineData("cacheMiB", 0)]
    [InlineData("timeoutMinutes", 0)]
    [InlineData("lfsAboveMiB", 0)]
    [InlineData("largestFileMiB", -1)]
    public void Numbers_OutOfRange_AreNamed(string field, int value)
    {
        var made = Create(new Dictionary<string, object> { ["repository"] = "https://host/a.git", [field] = value });

        Assert.Equal(field, made.Failure!.Field);
    }

    private Result<Ops.Dashboard.Features.ModelStore.IModelStore> Create(object settings, params (string Name, string Value)[] secrets) => Create(settings, null, secrets);

    private Result<Ops.Dashboard.Features.ModelStore.IModelStore> Create(object settings, string? allowed, params (string Name, string Value)[] secrets)
    {
        var data = new DataFolder(Path.Combine(root, "data"));
        var folders = new FolderRules(data, Options.Create(new StoresOptions { AllowedRoots = allowed is null ? [] : [allowed] }));
        var kind = new GitStoreKind(data, folders, new(Options.Create(new GitOptions()), TimeProvider.System), TimeProvider.System);
        return kind.Create("repo", JsonSerializer.Serialize(settings), secrets.ToDictionary(s => s.Name, s => s.Value));
    }
}

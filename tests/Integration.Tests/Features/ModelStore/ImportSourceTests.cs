using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Ops.Data.ModelStore;

namespace Ops.Integration.Tests.Features.ModelStore;

public sealed class ImportSourceTests
{
    private static readonly string Commit = new('c', 40);

    [Theory]
    [InlineData("zip")]
    [InlineData("tar.gz")]
    public async Task Import_Archive_BecomesTheFilesInIt(string kind)
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var archive = kind == "zip" ? Zip(("digits/model.onnx", UploadClient.Onnx), ("digits/labels.txt", "0 1"u8.ToArray())) : TarGzip(("digits/model.onnx", UploadClient.Onnx), ("digits/labels.txt", "0 1"u8.ToArray()));
        origin.Put($"/digits.{kind}", archive);
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf($"/digits.{kind}"), Convert.ToHexStringLower(SHA256.HashData(archive))));
        Assert.True(ended.State == TransferState.Completed, ended.FailureMessage);
        var files = await host.VersionAsync();
        Assert.Equal(["digits/labels.txt", "digits/model.onnx"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(UploadClient.Onnx, files["digits/model.onnx"]);
    }

    [Fact]
    public async Task Import_ArchiveWithAPathOutside_IsRefusedAndLeavesNothing()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Put("/evil.zip", Zip(("model.onnx", UploadClient.Onnx), ("../../evil.onnx", UploadClient.Onnx)));
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/evil.zip")));
        Assert.Equal(TransferState.Failed, ended.State);
        Assert.Contains("In the archive", ended.FailureMessage, StringComparison.Ordinal);
        await host.AssertNothingIsLeftAsync();
        await using var db = host.Host.Db();
        Assert.False(await db.Models.AnyAsync());
    }

    [Fact]
    public async Task Import_HuggingFace_FetchesTheFilesOfTheCommit()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var sha = Convert.ToHexStringLower(SHA256.HashData(UploadClient.Onnx));
        origin.Put("/hub/api/models/org/digits/revision/v1", Encoding.UTF8.GetBytes($$"""
            {"sha":"{{Commit}}","siblings":[
              {"rfilename":".gitattributes","size":10},
              {"rfilename":"README.md","size":2},
              {"rfilename":"onnx/model.onnx","size":{{UploadClient.Onnx.Length}},"lfs":{"sha256":"{{sha}}","size":{{UploadClient.Onnx.Length}} } },
              {"rfilename":"onnx/labels.txt","size":3}]}
            """));
        origin.Put($"/hub/org/digits/resolve/{Commit}/onnx/model.onnx", UploadClient.Onnx);
        origin.Put($"/hub/org/digits/resolve/{Commit}/onnx/labels.txt", "0 1"u8.ToArray());

        var ended = await host.WaitForEndAsync(await host.BeginAsync("hf://org/digits@v1/onnx"));

        Assert.True(ended.State == TransferState.Completed, ended.FailureMessage);
        Assert.Equal(Commit, ended.SourceRevision);
        Assert.Equal(["labels.txt", "model.onnx"], (await host.VersionAsync()).Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Import_HuggingFaceSendsAnotherFile_IsRefused()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        origin.Put("/hub/api/models/org/digits/revision/main", Encoding.UTF8.GetBytes($$"""
            {"sha":"{{Commit}}","siblings":[{"rfilename":"model.onnx","size":{{UploadClient.Onnx.Length}},"lfs":{"sha256":"{{new string('b', 64)}}"} }]}
            """));
        origin.Put($"/hub/org/digits/resolve/{Commit}/model.onnx", UploadClient.Onnx);
        var ended = await host.WaitForEndAsync(await host.BeginAsync("hf://org/digits"));
        Assert.Equal(TransferState.Failed, ended.State);
        await host.AssertNothingIsLeftAsync();
    }

    [Fact]
    public async Task Import_OciArtifact_FetchesItsTitledLayersWithATokenForAnybody()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(UploadClient.Onnx));
        var manifest = Encoding.UTF8.GetBytes($$"""
            {"schemaVersion":2,"layers":[{"mediaType":"application/octet-stream","digest":"{{digest}}","size":{{UploadClient.Onnx.Length}},"annotations":{"org.opencontainers.image.title":"model.onnx"} }]}
            """);
        origin.Put("/v2/team/digits/manifests/1.0", manifest);
        origin.Put($"/v2/team/digits/blobs/{digest}", UploadClient.Onnx);
        origin.Put("/token", """{"token":"anybody"}"""u8.ToArray());
        origin.Intercept = http =>
        {
            var open = http.Request.Path == "/token" || http.Request.Headers.Authorization == "Bearer anybody";
            if (!open)
            {
                http.Response.StatusCode = 401;
                http.Response.Headers.WWWAuthenticate = $"Bearer realm=\"{origin.UrlOf("/token")}\",service=\"registry\",scope=\"repository:team/digits:pull\"";
            }

            return Task.FromResult(!open);
        };

        var ended = await host.WaitForEndAsync(await host.BeginAsync($"oci://{origin.Host}/team/digits:1.0"));

        Assert.True(ended.State == TransferState.Completed, ended.FailureMessage);
        Assert.Equal("sha256:" + Convert.ToHexStringLower(SHA256.HashData(manifest)), ended.SourceRevision);
        Assert.Equal(["model.onnx"], (await host.VersionAsync()).Keys);
    }

    [Fact]
    public async Task Import_OciManifestOfAnotherDigest_IsRefused()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        var digest = "sha256:" + new string('d', 64);
        origin.Put($"/v2/team/digits/manifests/{digest}", """{"layers":[]}"""u8.ToArray());
        var ended = await host.WaitForEndAsync(await host.BeginAsync($"oci://{origin.Host}/team/digits@{digest}"));
        Assert.Contains("another manifest", ended.FailureMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_GitRepository_FetchesTheFilesOfOneRevisionAndThoseOfLfs()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        using var folder = new Repository();
        var weights = ImportHost.Gguf(3000);
        var oid = Convert.ToHexStringLower(SHA256.HashData(weights));
        folder.Write("model.onnx", UploadClient.Onnx);
        folder.Write("data/weights.gguf", Encoding.ASCII.GetBytes($"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {weights.Length}\n"));
        folder.Write(".gitattributes", "*.gguf filter=lfs"u8.ToArray());
        var commit = folder.Commit("v1");
        folder.Write("model.onnx", "no model any more"u8.ToArray());
        folder.Commit("v2");
        var git = new GitOrigin(folder.Root);
        origin.Put($"/lfs/{oid}", weights);
        origin.Intercept = async http =>
        {
            if (!http.Request.Path.Value!.EndsWith("/info/lfs/objects/batch", StringComparison.Ordinal))
            {
                return await git.AnswerAsync(http);
            }

            await http.Response.WriteAsync($$"""{"objects":[{"oid":"{{oid}}","size":{{weights.Length}},"actions":{"download":{"href":"{{origin.UrlOf("/lfs/" + oid)}}"} } }]}""");
            return true;
        };

        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/git/models.git") + "#v1"));

        Assert.True(ended.State == TransferState.Completed, ended.FailureMessage);
        Assert.Equal(commit, ended.SourceRevision);
        var files = await host.VersionAsync();
        Assert.Equal(["data/weights.gguf", "model.onnx"], files.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(UploadClient.Onnx, files["model.onnx"]);
        Assert.Equal(weights, files["data/weights.gguf"]);
    }

    [Fact]
    public async Task Import_GitRepositoryWithALink_IsRefused()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        using var folder = new Repository();
        folder.Write("model.onnx", UploadClient.Onnx);
        File.CreateSymbolicLink(Path.Combine(folder.Work, "passwd"), "/etc/passwd");
        folder.Commit("v1");
        origin.Intercept = new GitOrigin(folder.Root).AnswerAsync;
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/git/models.git")));
        Assert.Equal(TransferState.Failed, ended.State);
        Assert.Contains("symbolic link", ended.FailureMessage, StringComparison.Ordinal);
        await host.AssertNothingIsLeftAsync();
    }

    [Theory]
    [InlineData("#nothing-of-this-name")]
    [InlineData("#--upload-pack=touch")]
    public async Task Import_GitRevisionThatIsNone_IsRefused(string revision)
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin);
        using var folder = new Repository();
        folder.Write("model.onnx", UploadClient.Onnx);
        folder.Commit("v1");
        origin.Intercept = new GitOrigin(folder.Root).AnswerAsync;
        var begun = await host.TryBeginAsync(origin.UrlOf("/git/models.git") + revision);
        if (begun.Succeeded)
        {
            var ended = await host.WaitForEndAsync(begun.Value);
            Assert.Equal((TransferState.Failed, 1), (ended.State, ended.Attempt));
        }
        else
        {
            Assert.Equal("address", begun.Failure.Field);
        }
    }

    [Fact]
    public async Task Import_GitServerRedirects_IsNotFollowed()
    {
        await using var origin = await OriginServer.StartAsync();
        await using var host = await ImportHost.StartAsync(origin, configure: options => options.MaxAttempts = 1);
        origin.Intercept = http =>
        {
            http.Response.Redirect("http://127.0.0.1:1" + http.Request.Path + http.Request.QueryString);
            return Task.FromResult(true);
        };
        var ended = await host.WaitForEndAsync(await host.BeginAsync(origin.UrlOf("/git/models.git")));
        Assert.Equal(TransferState.Failed, ended.State);
        Assert.Single(origin.Requests);
    }

    private static byte[] Zip(params (string Name, byte[] Content)[] entries)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var stream = zip.CreateEntry(name).Open();
                stream.Write(content);
            }
        }

        return memory.ToArray();
    }

    private static byte[] TarGzip(params (string Name, byte[] Content)[] entries)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        using (var tar = new TarWriter(gzip))
        {
            foreach (var (name, content) in entries)
            {
                tar.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
            }
        }

        return memory.ToArray();
    }

    /// <summary>A repository with a folder to work in and the bare copy that is served.</summary>
    private sealed class Repository : IDisposable
    {
        public Repository()
        {
            Root = Directory.CreateTempSubdirectory("ops-git-").FullName;
            Work = Directory.CreateDirectory(Path.Combine(Root, "work")).FullName;
            GitOrigin.Git(Work, "init", "--quiet", "--initial-branch=main");
            GitOrigin.Git(Root, "init", "--quiet", "--bare", "--initial-branch=main", "models.git");
        }

        public string Root { get; }

        public string Work { get; }

        public void Write(string path, byte[] content)
        {
            var file = Path.Combine(Work, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllBytes(file, content);
        }

        public string Commit(string tag)
        {
            GitOrigin.Git(Work, "add", "--all");
            GitOrigin.Git(Work, "commit", "--quiet", "--message", tag);
            GitOrigin.Git(Work, "tag", tag);
            GitOrigin.Git(Work, "push", "--quiet", "../models.git", "main", tag);
            return GitOrigin.Git(Work, "rev-parse", "HEAD");
        }

        public void Dispose() => Directory.Delete(Root, recursive: true);
    }
}

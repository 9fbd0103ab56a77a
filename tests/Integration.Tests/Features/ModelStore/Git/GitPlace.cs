using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.Git;

namespace Ops.Integration.Tests.Features.ModelStore.Git;

/// <summary>A bare repository and the folders of the dashboards that use it.</summary>
internal sealed class GitPlace : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-git-").FullName;

    public GitPlace() => Git("init", "--quiet", "--bare", Bare);

    public string Root => root;

    public string Bare => Path.Combine(root, "served", "models.git");

    public string Served => Path.Combine(root, "served");

    public string DataOf(string dashboard) => Path.Combine(root, dashboard);

    /// <summary>The store as one dashboard has it; asked again, as after a restart.</summary>
    public GitStore Store(string dashboard = "one", GitStoreSettings? settings = null, Uri? address = null, string? token = null)
    {
        var used = address is null ? new GitAddress(new Uri(Bare).AbsoluteUri, "file") : new GitAddress(address.AbsoluteUri, address.Scheme);
        return new GitStore("repo", settings ?? new(), used, new(token, null), new(Options.Create(new GitOptions()), TimeProvider.System), Directory.CreateDirectory(DataOf(dashboard)).FullName, TimeProvider.System);
    }

    /// <summary>Puts an object into a store up to where it can be finished.</summary>
    public static async Task<string> PutAsync(IModelStore store, byte[] bytes)
    {
        var id = ObjectIds.Create();
        var unfinished = await store.BeginAsync(id, bytes.Length, default);
        for (var number = 1; number <= unfinished.PartCount; number++)
        {
            var range = unfinished.Part(number);
            await store.WritePartAsync(unfinished, range, new MemoryStream(bytes, (int)range.Offset, range.Length), default);
        }

        return id;
    }

    public static async Task<byte[]> ReadAsync(IModelStore store, string id)
    {
        await using var stream = await store.OpenReadAsync(id, default);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    /// <summary>What somebody with plain git gets.</summary>
    public string CloneAt(string what)
    {
        var clone = Path.Combine(root, "clone-" + Guid.NewGuid().ToString("N"));
        Git("clone", "--quiet", "--branch", what, Bare, clone);
        return clone;
    }

    public string Git(params string[] arguments)
    {
        var start = new ProcessStartInfo("git", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8, WorkingDirectory = root };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_LFS_SKIP_SMUDGE"] = "1";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error.Result);
        return output.Trim();
    }

    public string InBare(params string[] arguments) => Git(["--git-dir", Bare, .. arguments]);

    public void Dispose() => Directory.Delete(root, recursive: true);
}

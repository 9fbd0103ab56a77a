using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Data.Registry;
using Ops.EndToEnd.Tests.Support;

namespace Ops.EndToEnd.Tests.Uploads;

/// <summary>A test that sends files from a folder of its own through the browser.</summary>
public abstract class UploadTest(BrowserFixture browser) : BrowserTest(browser)
{
    /// <summary>Bytes in a MiB.</summary>
    protected const int MiB = 1024 * 1024;

    /// <summary>Where the files lie.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("ops-files-").FullName;

    /// <summary>The dashboard they are sent to.</summary>
    protected abstract DashboardProcess Dashboard { get; }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await base.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Slows the window's uploads; -1 lets them go.</summary>
    protected static async Task LimitAsync(SignedIn person, int bytesPerSecond)
    {
        var session = await person.Context.NewCDPSessionAsync(person.Page);
        await session.SendAsync("Network.enable");
        await session.SendAsync("Network.emulateNetworkConditions", new() { ["offline"] = false, ["latency"] = 0, ["downloadThroughput"] = -1, ["uploadThroughput"] = bytesPerSecond });
    }

    /// <summary>The file's SHA-256 in hex.</summary>
    protected static async Task<string> HashAsync(string path)
    {
        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
    }

    /// <summary>Makes a file of random bytes that looks like weights.</summary>
    protected async Task<string> MakeFileAsync(string name, int bytes)
    {
        var path = Path.Combine(Folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await using var stream = File.Create(path);
        await stream.WriteAsync("GGUF"u8.ToArray());
        var block = new byte[MiB];
        for (var left = bytes - 4; left > 0; left -= block.Length)
        {
            RandomNumberGenerator.Fill(block);
            await stream.WriteAsync(block.AsMemory(0, Math.Min(left, block.Length)));
        }

        return path;
    }

    /// <summary>Waits for the only version of a model.</summary>
    protected async Task<ModelVersion> WaitForVersionAsync(string model)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        while (true)
        {
            await using var db = Dashboard.OpenRegistry();
            if (await db.Versions.AsNoTracking().Include(v => v.Files).SingleOrDefaultAsync(v => db.Models.Any(m => m.Id == v.ModelId && m.Name == model), CancellationToken.None) is { } version)
            {
                return version;
            }

            await Task.Delay(100, patience.Token);
        }
    }

    /// <summary>How many parts of uploads to a model have arrived.</summary>
    protected async Task<int> PartsAsync(string model)
    {
        await using var db = Dashboard.OpenRegistry();
        return await db.UploadParts.CountAsync(p => db.UploadFiles.Any(f => f.Id == p.FileId && db.Uploads.Any(u => u.Id == f.UploadId && u.ModelName == model)));
    }

    /// <summary>Waits until so many have.</summary>
    protected async Task WaitForPartsAsync(string model, int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await PartsAsync(model) < count)
        {
            await Task.Delay(50, patience.Token);
        }
    }
}

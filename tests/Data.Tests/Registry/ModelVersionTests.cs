using System.Diagnostics;
using Ops.Data.Registry;

namespace Ops.Data.Tests.Registry;

public sealed class ModelVersionTests
{
    [Fact]
    public async Task ComputeDigest_IsTheSha256OfWhatSha256sumPrints()
    {
        var folder = Directory.CreateTempSubdirectory("ops-digest-");
        try
        {
            Directory.CreateDirectory(Path.Combine(folder.FullName, "labels"));
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "model.onnx"), "weights");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "labels", "zéro.txt"), "0");
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "Readme"), "");
            var printed = await ShellAsync(folder.FullName, "LC_ALL=C; export LC_ALL; find . -type f | cut -c3- | sort | xargs sha256sum");
            var whole = await ShellAsync(folder.FullName, "LC_ALL=C; export LC_ALL; find . -type f | cut -c3- | sort | xargs sha256sum | sha256sum");
            var files = printed.TrimEnd('\n').Split('\n').Select(l => (Path: l[66..], Sha256: l[..64])).Reverse();

            Assert.Equal(whole[..64], ModelVersion.ComputeDigest(files));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void ComputeDigest_KnownText_KnownHash()
    {
        // printf '%s  model.onnx\n' "$(printf 'a%.0s' $(seq 64))" | sha256sum
        Assert.Equal("919fe75cc40b798be3606bc6731ee8609424c6e6462ce8ea365090bb41a88c4e", ModelVersion.ComputeDigest([("model.onnx", Examples.Sha256)]));
    }

    [Fact]
    public void ComputeDigest_AnotherPathOrHash_Differs()
    {
        var digest = ModelVersion.ComputeDigest([("a", Examples.Sha256), ("b", Examples.Sha256)]);
        Assert.NotEqual(digest, ModelVersion.ComputeDigest([("a", Examples.Sha256), ("c", Examples.Sha256)]));
        Assert.NotEqual(digest, ModelVersion.ComputeDigest([("a", Examples.Sha256), ("b", new string('b', 64))]));
        Assert.NotEqual(digest, ModelVersion.ComputeDigest([("a", Examples.Sha256)]));
    }

    [Fact]
    public void Create_FilesInAnyOrder_SortedAndAddedUp()
    {
        var version = Examples.Version(Examples.Model(), Examples.File("z"), Examples.File("Z"), Examples.File("a"));

        Assert.Equal(["Z", "a", "z"], version.Files.Select(f => f.Path));
        Assert.Equal(3 * 1234, version.SizeBytes);
        Assert.Equal(ModelVersion.ComputeDigest(version.Files.Select(f => (f.Path, f.Sha256))), version.Digest);
        Assert.Equal((VersionState.Ready, 1), (version.State, version.Number));
    }

    public static TheoryData<VersionState, string, VersionState?> Moves => new()
    {
        { VersionState.Ready, "archive", VersionState.Archived },
        { VersionState.Ready, "restore", null },
        { VersionState.Ready, "damage", VersionState.Damaged },
        { VersionState.Archived, "archive", null },
        { VersionState.Archived, "restore", VersionState.Ready },
        { VersionState.Archived, "damage", VersionState.Damaged },
        { VersionState.Damaged, "archive", null },
        { VersionState.Damaged, "restore", null },
        { VersionState.Damaged, "damage", VersionState.Damaged },
    };

    [Theory]
    [MemberData(nameof(Moves))]
    public void Move_EveryStateAndMethod_OnlyTheLegalOnes(VersionState from, string move, VersionState? to)
    {
        var version = In(from);
        var revision = version.Revision;

        var result = Call(version, move);

        Assert.Equal(to is not null, result.Succeeded);
        Assert.Equal(to ?? from, version.State);
        Assert.Equal(to is null ? revision : revision + 1, version.Revision);
    }

    private static ModelVersion In(VersionState state)
    {
        var version = Examples.Version(Examples.Model());
        _ = state switch { VersionState.Archived => version.Archive(), VersionState.Damaged => Call(version, "damage"), _ => Result.Done };
        return version;
    }

    private static Result Call(ModelVersion version, string move)
    {
        switch (move)
        {
            case "archive":
                return version.Archive();
            case "restore":
                return version.Restore();
            case "damage":
                version.MarkDamaged();
                return Result.Done;
            default:
                throw new UnreachableException();
        }
    }

    private static async Task<string> ShellAsync(string folder, string script)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { WorkingDirectory = folder, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("The shell did not start.");
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}

using System.Globalization;
using System.Security.Cryptography;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>Large files through git-lfs: the repository has a pointer of three lines, the LFS server of the remote has the bytes under their SHA-256.</summary>
/// <param name="repository">The local repository.</param>
internal sealed class GitLfs(GitRepository repository)
{
    /// <summary>The longest pointer in bytes; the format says less than 1,024.</summary>
    public const int MaxPointerBytes = 1024;

    private const int PerPush = 200;

    /// <summary>The pointer to a file (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).</summary>
    public static string Pointer(string sha256, long sizeBytes) => string.Create(CultureInfo.InvariantCulture, $"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {sizeBytes}\n");

    /// <summary>The SHA-256 of a file's bytes.</summary>
    public static async Task<string> HashAsync(string file, CancellationToken cancellation)
    {
        await using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite | FileShare.Delete, Options = FileOptions.Asynchronous | FileOptions.SequentialScan });
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation));
    }

    /// <summary>Sends files. What the server has already is not sent again, which is how an interrupted one goes on.</summary>
    /// <param name="files">Each file's bytes by their SHA-256.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task SendAsync(IReadOnlyDictionary<string, string> files, CancellationToken cancellation)
    {
        List<string> laidOut = [];
        try
        {
            foreach (var (sha256, file) in files)
            {
                laidOut.Add(LayOut(sha256, file));
            }

            foreach (var some in files.Keys.Chunk(PerPush))
            {
                var outcome = await repository.LfsAsync(["push", "--object-id", "origin", .. some], null, null, cancellation);
                if (outcome.ExitCode != 0)
                {
                    throw GitErrors.For(outcome with { Error = outcome.Error + outcome.Output }, "Sending large files to the LFS server");
                }
            }
        }
        finally
        {
            laidOut.ForEach(File.Delete);
        }
    }

    /// <summary>Receives a file.</summary>
    /// <param name="pointer">What the repository has of it.</param>
    /// <param name="target">Where its bytes go.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="FileNotFoundException">The LFS server has lost it.</exception>
    public async Task ReceiveAsync(string pointer, Stream target, CancellationToken cancellation)
    {
        var outcome = await repository.LfsAsync(["smudge"], pointer, target, cancellation);
        var sha256 = pointer.Split('\n').FirstOrDefault(l => l.StartsWith("oid sha256:", StringComparison.Ordinal))?["oid sha256:".Length..] ?? "";
        if (sha256.Length == 64 && sha256.All(char.IsAsciiHexDigitLower))
        {
            File.Delete(PathOf(sha256));
        }

        if (outcome.ExitCode == 0)
        {
            return;
        }

        throw outcome.Error.Contains("not found", StringComparison.OrdinalIgnoreCase) || outcome.Error.Contains("does not exist", StringComparison.OrdinalIgnoreCase)
            ? new FileNotFoundException("The LFS server does not have the object any more.")
            : GitErrors.For(outcome, "Receiving a large file from the LFS server");
    }

    // Where git-lfs looks for bytes to send and puts those it receives. Its setting for another place would also hold for what it starts on
    // the other side of a path, so it stays where it is.
    private string PathOf(string sha256) => Path.Combine(repository.Folder, "lfs", "objects", sha256[..2], sha256[2..4], sha256);

    private string LayOut(string sha256, string file)
    {
        var path = PathOf(sha256);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Delete(path);

        // A copy, no link: on a path git-lfs may link what it finds into the other repository.
        File.Copy(file, path);
        return path;
    }
}

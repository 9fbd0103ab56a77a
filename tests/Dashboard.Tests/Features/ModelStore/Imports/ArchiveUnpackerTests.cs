using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Imports;
using Ops.Dashboard.Features.ModelStore.Imports.Archives;

namespace Ops.Dashboard.Tests.Features.ModelStore.Imports;

public sealed class ArchiveUnpackerTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("ops-archive-").FullName;
    private readonly ImportsOptions options = new();

    private string Folder => Path.Combine(root, "unpacked");

    [Theory]
    [InlineData(ArchiveKind.Zip)]
    [InlineData(ArchiveKind.Tar)]
    [InlineData(ArchiveKind.TarGzip)]
    public async Task Unpack_SoundArchive_KeepsEveryFileUnderANumber(ArchiveKind kind)
    {
        var archive = kind switch
        {
            ArchiveKind.Zip => Zip(("digits/model.onnx", "weights"), ("digits/labels.txt", "0 1 2"), ("digits/", "")),
            ArchiveKind.Tar => Tar(File("./digits/model.onnx", "weights"), File("./digits/labels.txt", "0 1 2"), new PaxTarEntry(TarEntryType.Directory, "./digits/")),
            _ => Gzip(Tar(File("digits/model.onnx", "weights"), File("digits/labels.txt", "0 1 2"))),
        };
        var files = await UnpackAsync(archive, kind);
        Assert.Equal(["digits/labels.txt", "digits/model.onnx"], files.Select(f => f.Path).Order(StringComparer.Ordinal));
        var model = files.Single(f => f.Path == "digits/model.onnx");
        Assert.Equal(7, model.Size);
        Assert.Equal("weights", await System.IO.File.ReadAllTextAsync(Path.Combine(Folder, model.Name)));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("weights"u8)), model.Sha256);
        Assert.All(files, file => Assert.Matches("^[0-9]{6}$", file.Name));
    }

    [Theory]
    [InlineData("../evil.onnx")]
    [InlineData("a/../../evil.onnx")]
    [InlineData("/etc/passwd")]
    [InlineData("C:\\evil.onnx")]
    [InlineData("C:/evil.onnx")]
    [InlineData("..\\evil.onnx")]
    [InlineData("a//b.onnx")]
    [InlineData("..%2fevil.onnx")]
    [InlineData("evil\u202E.onnx")]
    [InlineData("nul.onnx")]
    public async Task Unpack_NameThatCouldMeanAnotherPlace_IsRefused(string name)
    {
        await RefusedAsync(Zip((name, "x")), ArchiveKind.Zip);
        await RefusedAsync(Tar(File(name, "x")), ArchiveKind.Tar);
        await RefusedAsync(Gzip(Tar(File("good.onnx", "x"), File(name, "x"))), ArchiveKind.TarGzip);
    }

    [Theory]
    [InlineData("a.onnx", "a.onnx")]
    [InlineData("A.onnx", "a.onnx")]
    [InlineData("a", "a/b.onnx")]
    public async Task Unpack_NamesThatCollide_AreRefused(string one, string other)
    {
        await RefusedAsync(Zip((one, "x"), (other, "y")), ArchiveKind.Zip);
        await RefusedAsync(Tar(File(one, "x"), File(other, "y")), ArchiveKind.Tar);
    }

    [Theory]
    [InlineData(TarEntryType.SymbolicLink)]
    [InlineData(TarEntryType.HardLink)]
    public async Task Unpack_LinkAndAWriteThroughIt_IsRefused(TarEntryType kind)
    {
        var outside = Path.Combine(root, "outside");
        Directory.CreateDirectory(outside);
        var link = new PaxTarEntry(kind, "link") { LinkName = kind == TarEntryType.SymbolicLink ? outside : "../outside/x" };
        var message = await RefusedAsync(Tar(link, File("link/evil.onnx", "x")), ArchiveKind.Tar);
        Assert.Contains("link", message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(outside));
    }

    [Fact]
    public async Task Unpack_DeviceOrPipe_IsRefused()
    {
        await RefusedAsync(Tar(new PaxTarEntry(TarEntryType.Fifo, "pipe")), ArchiveKind.Tar);
        await RefusedAsync(Tar(new PaxTarEntry(TarEntryType.CharacterDevice, "dev")), ArchiveKind.Tar);
    }

    [Fact]
    public async Task Unpack_SymbolicLinkInAZip_IsRefused()
    {
        var archive = Zip(("link", "/etc/passwd"));
        var central = Find(archive, 0x02014b50);
        archive[central + 5] = 3;
        archive[central + 41] = 0xA1;
        Assert.Contains("link", await RefusedAsync(archive, ArchiveKind.Zip), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ArchiveKind.Zip)]
    [InlineData(ArchiveKind.TarGzip)]
    public async Task Unpack_Bomb_IsRefusedByItsRatio(ArchiveKind kind)
    {
        options.MaxArchiveRatio = 2;
        var zeros = new byte[70 * 1024 * 1024];
        var archive = kind == ArchiveKind.Zip ? Zip(("zeros.onnx", zeros)) : Gzip(Tar(File("zeros.onnx", zeros)));
        Assert.Contains("bomb", await RefusedAsync(archive, kind), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unpack_MoreThanTheLimit_IsRefused()
    {
        options.MaxBytes = 10;
        await RefusedAsync(Zip(("a.onnx", "12345"), ("b.onnx", "123456")), ArchiveKind.Zip);
    }

    [Theory]
    [InlineData(ArchiveKind.Zip)]
    [InlineData(ArchiveKind.Tar)]
    public async Task Unpack_TooManyEntries_IsRefused(ArchiveKind kind)
    {
        options.MaxFiles = 20;
        var names = Enumerable.Range(0, 21).Select(n => $"f{n}.onnx").ToList();
        var archive = kind == ArchiveKind.Zip ? Zip([.. names.Select(n => (n, ""))]) : Tar([.. names.Select(n => File(n, ""))]);
        Assert.Contains("20 entries", await RefusedAsync(archive, kind), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unpack_WrongChecksum_IsRefused()
    {
        var archive = Zip(CompressionLevel.NoCompression, ("model.onnx", "weights"u8.ToArray()));
        archive[Encoding.Latin1.GetString(archive).IndexOf("weights", StringComparison.Ordinal)] ^= 1;
        Assert.Contains("model.onnx", await RefusedAsync(archive, ArchiveKind.Zip), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unpack_CentralAndLocalNamesDiffer_IsRefused()
    {
        var archive = Zip(("good.onnx", "x"));
        archive[Find(archive, 0x04034b50) + 30] = (byte)'e';
        Assert.Contains("two different names", await RefusedAsync(archive, ArchiveKind.Zip), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6, 0x04034b50)]
    [InlineData(8, 0x02014b50)]
    public async Task Unpack_FlagsFlippedInOnePlace_IsRefused(int offset, int signature)
    {
        var archive = Zip(("good.onnx", "x"));
        archive[Find(archive, (uint)signature) + offset] ^= 1;
        await RefusedAsync(archive, ArchiveKind.Zip);
    }

    [Fact]
    public async Task Unpack_OverlappingEntries_AreRefused()
    {
        // Both entries of the directory point to the first one's bytes, as in David Fifield's bomb.
        var archive = Zip(("a.onnx", "xxxx"), ("b.onnx", "xxxx"));
        var second = Find(archive, 0x02014b50, Find(archive, 0x02014b50) + 4);
        BitConverter.TryWriteBytes(archive.AsSpan(second + 42), 0);
        archive[second + 46] = (byte)'a';
        await RefusedAsync(archive, ArchiveKind.Zip);
    }

    [Fact]
    public async Task Unpack_NothingInIt_IsRefused()
    {
        await RefusedAsync(Zip(CompressionLevel.Fastest), ArchiveKind.Zip);
        await RefusedAsync(Tar(), ArchiveKind.Tar);
    }

    [Theory]
    [InlineData(ArchiveKind.Zip, 1)]
    [InlineData(ArchiveKind.Zip, 2)]
    [InlineData(ArchiveKind.Tar, 3)]
    [InlineData(ArchiveKind.TarGzip, 4)]
    public async Task Unpack_DamagedAnywhere_IsRefusedOrRightAndNeverAnythingElse(ArchiveKind kind, int seed)
    {
        options.MaxFiles = 50;
        var random = new Random(seed);
        var content = new byte[2000];
        random.NextBytes(content);
        var sound = kind switch
        {
            ArchiveKind.Zip => Zip(seed == 1 ? CompressionLevel.Fastest : CompressionLevel.NoCompression, ("a/model.onnx", content), ("a/b.txt", content[..100])),
            ArchiveKind.Tar => Tar(File("a/model.onnx", content), File("a/b.txt", content[..100])),
            _ => Gzip(Tar(File("a/model.onnx", content), File("a/b.txt", content[..100]))),
        };
        for (var round = 0; round < 150; round++)
        {
            var damaged = sound.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            damaged = random.Next(4) == 0 ? damaged[..random.Next(damaged.Length)] : damaged;
            try
            {
                // Tar has no checksum over contents; what a zip or gzip gives out is what was put in.
                var files = await UnpackAsync(damaged, kind);
                Assert.All(files, file => Assert.DoesNotContain("..", file.Path, StringComparison.Ordinal));
                if (kind == ArchiveKind.Zip)
                {
                    Assert.All(files, file => Assert.Contains(file.Size, new long[] { 2000, 100 }));
                }
            }
            catch (ImportRefusedException)
            {
                Assert.Empty(Directory.EnumerateFileSystemEntries(Folder));
            }
        }

        Assert.Equal(["unpacked"], Directory.EnumerateFileSystemEntries(root).Select(Path.GetFileName));
    }

    public void Dispose() => Directory.Delete(root, recursive: true);

    internal static byte[] Zip(params (string Name, string Content)[] entries) => Zip(CompressionLevel.Fastest, [.. entries.Select(e => (e.Name, Encoding.UTF8.GetBytes(e.Content)))]);

    private static byte[] Zip(params (string Name, byte[] Content)[] entries) => Zip(CompressionLevel.Fastest, entries);

    private static byte[] Zip(CompressionLevel level, params (string Name, byte[] Content)[] entries)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in entries)
            {
                using var stream = zip.CreateEntry(name, level).Open();
                stream.Write(content);
            }
        }

        return memory.ToArray();
    }

    private static PaxTarEntry File(string name, string content) => File(name, Encoding.UTF8.GetBytes(content));

    private static PaxTarEntry File(string name, byte[] content) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) };

    private static byte[] Tar(params TarEntry[] entries)
    {
        using var memory = new MemoryStream();
        using (var tar = new TarWriter(memory, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                tar.WriteEntry(entry);
            }
        }

        return memory.ToArray();
    }

    private static byte[] Gzip(byte[] plain)
    {
        using var memory = new MemoryStream();
        using (var gzip = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(plain);
        }

        return memory.ToArray();
    }

    private static int Find(byte[] archive, uint signature, int from = 0)
    {
        for (var at = from; at <= archive.Length - 4; at++)
        {
            if (BitConverter.ToUInt32(archive, at) == signature)
            {
                return at;
            }
        }

        throw new InvalidOperationException("No such record.");
    }

    private async Task<IReadOnlyList<UnpackedFile>> UnpackAsync(byte[] archive, ArchiveKind kind) =>
        await new ArchiveUnpacker(Options.Create(options)).UnpackAsync(new MemoryStream(archive), kind, Folder, CancellationToken.None);

    private async Task<string> RefusedAsync(byte[] archive, ArchiveKind kind)
    {
        var refused = await Assert.ThrowsAsync<ImportRefusedException>(() => UnpackAsync(archive, kind));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Folder));
        return refused.Message;
    }
}

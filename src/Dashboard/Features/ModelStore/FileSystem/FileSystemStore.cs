using System.Buffers;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Dashboard.Hosting;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.FileSystem;

/// <summary>
/// Objects as files below a folder: unfinished ones in <c>uploads/ID.part</c>, finished ones in <c>objects/xx/ID</c>.
/// Finishing is one rename. What this acknowledges is on the disk, directory entries included.
/// </summary>
internal sealed class FileSystemStore : IModelStore
{
    /// <summary>The name in versions and uploads.</summary>
    public const string StoreName = Store.BuiltInName;

    private const int BufferBytes = 128 * 1024;
    private const string PartEnding = ".part";
    private readonly string uploads;
    private readonly string objects;

    /// <summary>The store in the data folder.</summary>
    public FileSystemStore(DataFolder data)
        : this(StoreName, data.Folder("store"))
    {
    }

    /// <summary>A store in a folder of its own, which is made if it is not there.</summary>
    public FileSystemStore(string name, string folder)
    {
        Name = name;
        uploads = Directory.CreateDirectory(Path.Combine(folder, "uploads")).FullName;
        objects = Directory.CreateDirectory(Path.Combine(folder, "objects")).FullName;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LargestObjectBytes => PartSizes.LargestFileOnDisk;

    /// <inheritdoc/>
    public bool TakesPartsAfterAssembly => true;

    /// <inheritdoc/>
    public int PartSizeFor(long objectBytes) => PartSizes.OnDisk(objectBytes);

    /// <inheritdoc/>
    public Task<long?> FreeBytesAsync(CancellationToken cancellation) => Task.FromResult<long?>(new DriveInfo(uploads).AvailableFreeSpace);

    /// <inheritdoc/>
    public Task<UnfinishedObject> BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation) => Guard(() =>
    {
        var part = PartFile(objectId);
        var unfinished = Task.FromResult(new UnfinishedObject(objectId, null, sizeBytes, PartSizeFor(sizeBytes)));
        if (File.Exists(ObjectFile(objectId)))
        {
            return unfinished;
        }

        using (var file = File.OpenHandle(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
        {
            if (RandomAccess.GetLength(file) != sizeBytes)
            {
                RandomAccess.SetLength(file, sizeBytes);
            }

            RandomAccess.FlushToDisk(file);
        }

        DirectorySync.Flush(uploads);
        return unfinished;
    });

    /// <inheritdoc/>
    public Task<PartWritten> WritePartAsync(UnfinishedObject unfinished, PartRange part, Stream content, CancellationToken cancellation) => Guard(async () =>
    {
        using var file = File.OpenHandle(PartFile(unfinished.ObjectId), FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            await CopyAsync(content, file, part, hash, buffer, cancellation);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        RandomAccess.FlushToDisk(file);
        return new PartWritten(Convert.ToHexStringLower(hash.GetHashAndReset()), null);
    });

    /// <inheritdoc/>
    public Task AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation)
    {
        // Parts were written into their places; what they hold is found out by hashing the whole.
        var finished = ObjectFile(unfinished.ObjectId);
        return File.Exists(PartFile(unfinished.ObjectId)) || File.Exists(finished)
            ? Task.CompletedTask
            : throw new FileNotFoundException("The object is not in the store.");
    }

    /// <inheritdoc/>
    public Task AbandonAsync(string objectId, string? token, CancellationToken cancellation) => Guard(() =>
    {
        File.Delete(PartFile(objectId));
        return Task.CompletedTask;
    });

    /// <inheritdoc/>
    public Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.Open,
            Access = FileAccess.Read,
            Share = FileShare.ReadWrite | FileShare.Delete,
            Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            BufferSize = 0,
        };
        var finished = ObjectFile(objectId);
        try
        {
            return Task.FromResult<Stream>(new FileStream(File.Exists(finished) ? finished : PartFile(objectId), options));
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException && File.Exists(finished))
        {
            // It was finished between the two looks.
            return Task.FromResult<Stream>(new FileStream(finished, options));
        }
        catch (DirectoryNotFoundException exception)
        {
            // A disk that is not mounted has not lost its objects.
            throw Directory.Exists(objects) && Directory.Exists(uploads)
                ? new FileNotFoundException("The object is not in the store.", exception)
                : new StoreUnavailableException(StoreProblem.NoSuchPlace, $"The folder of the store is not there: {Path.GetDirectoryName(objects)}. Is its disk mounted?", exception);
        }
    }

    /// <inheritdoc/>
    public Task CompleteAsync(string objectId, CancellationToken cancellation) => Guard(() =>
    {
        var part = PartFile(objectId);
        var finished = ObjectFile(objectId);
        var shelf = Path.GetDirectoryName(finished)!;
        Directory.CreateDirectory(shelf);
        DirectorySync.Flush(objects);
        try
        {
            File.Move(part, finished);
        }
        catch (Exception exception) when (exception is FileNotFoundException or IOException && !File.Exists(part) && File.Exists(finished))
        {
            // Done before; what follows makes sure that it stays done.
        }

        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(finished, UnixFileMode.UserRead);
        }

        DirectorySync.Flush(shelf);
        DirectorySync.Flush(uploads);
        return Task.CompletedTask;
    });

    /// <inheritdoc/>
    public Task DeleteAsync(string objectId, CancellationToken cancellation) => Guard(() =>
    {
        File.Delete(PartFile(objectId));
        var finished = ObjectFile(objectId);
        if (File.Exists(finished))
        {
            File.Delete(finished);
        }

        return Task.CompletedTask;
    });

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await Task.Yield();
        foreach (var file in new DirectoryInfo(uploads).EnumerateFiles("*" + PartEnding))
        {
            cancellation.ThrowIfCancellationRequested();
            if (Describe(file, file.Name[..^PartEnding.Length], isComplete: false) is { } unfinished)
            {
                yield return unfinished;
            }
        }

        foreach (var shelf in new DirectoryInfo(objects).EnumerateDirectories())
        {
            foreach (var file in shelf.EnumerateFiles())
            {
                cancellation.ThrowIfCancellationRequested();
                if (Describe(file, file.Name, isComplete: true) is { } finished)
                {
                    yield return finished;
                }
            }
        }
    }

    /// <inheritdoc/>
    public Task<Uri> SourceForAsync(string objectId, TimeSpan lifetime, CancellationToken cancellation) =>
        Task.FromResult(new UriBuilder(Uri.UriSchemeFile, "") { Path = ObjectFile(objectId) }.Uri);

    /// <inheritdoc/>
    public Task<Uri?> DownloadAddressAsync(string objectId, string fileName, TimeSpan lifetime, CancellationToken cancellation) => Task.FromResult<Uri?>(null);

    /// <inheritdoc/>
    public Task CheckAsync(StoreCheckRun run, Uri? browserOrigin, CancellationToken cancellation) => StoreRoundTrip.CheckAsync(this, run, cancellation);

    /// <summary>Where the bytes of an object are or would be, for a store that keeps its own at hand here.</summary>
    /// <param name="objectId">Its id.</param>
    /// <param name="isFinished">Whether the finished one is meant.</param>
    public string FileOf(string objectId, bool isFinished) => isFinished ? ObjectFile(objectId) : PartFile(objectId);

    private static async Task CopyAsync(Stream content, SafeFileHandle file, PartRange part, IncrementalHash hash, byte[] buffer, CancellationToken cancellation)
    {
        // A request body comes in small pieces; hashing and writing full buffers costs a tenth of the calls.
        for (var written = 0; written < part.Length;)
        {
            var wanted = Math.Min(BufferBytes, part.Length - written);
            var read = await content.ReadAtLeastAsync(buffer.AsMemory(0, wanted), wanted, throwOnEndOfStream: false, cancellation);
            if (read < wanted)
            {
                throw new PartLengthException($"Part {part.Number} ended after {written + read} of {part.Length} bytes.");
            }

            hash.AppendData(buffer, 0, read);
            await RandomAccess.WriteAsync(file, buffer.AsMemory(0, read), part.Offset + written, cancellation);
            written += read;
        }

        if (await content.ReadAsync(buffer.AsMemory(0, 1), cancellation) != 0)
        {
            throw new PartLengthException($"Part {part.Number} has more than {part.Length} bytes.");
        }
    }

    private static StoredObject? Describe(FileInfo file, string id, bool isComplete)
    {
        try
        {
            return ObjectIds.IsValid(id) ? new StoredObject(id, isComplete, file.Length, new(file.LastWriteTimeUtc, TimeSpan.Zero)) : null;
        }
        catch (FileNotFoundException)
        {
            // Finished or deleted since the folder was read.
            return null;
        }
    }

    private static async Task Guard(Func<Task> work) => await Guard(async () =>
    {
        await work();
        return true;
    });

    private static async Task<T> Guard<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (IOException exception) when (IsDiskFull(exception))
        {
            throw new StoreFullException("The disk of the model store is full.", exception);
        }
    }

    // ENOSPC and EDQUOT on Linux and macOS, ERROR_DISK_FULL and ERROR_HANDLE_DISK_FULL on Windows.
    private static bool IsDiskFull(IOException exception) => OperatingSystem.IsWindows()
        ? exception.HResult is unchecked((int)0x80070070) or unchecked((int)0x80070027)
        : exception.HResult is 28 or 122 or 69;

    private string PartFile(string id) => Path.Combine(uploads, ObjectIds.Check(id) + PartEnding);

    private string ObjectFile(string id) => Path.Combine(objects, ObjectIds.Check(id)[..2], id);
}

using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Commands;
using Ops.Dashboard.Hosting;
using Ops.Data;
using Ops.Data.ModelStore;

namespace Ops.Dashboard.Features.ModelStore.Imports.Archives;

/// <summary>
/// Turns a single archive that was uploaded into the files in it. They become objects of their own in the store before the upload
/// names them, in one transaction; interrupted anywhere, it is done again and what was left is collected.
/// </summary>
internal sealed class UploadUnpacker(ArchiveUnpacker unpacker, CommandRunner commands, DataFolder data, IOptions<ModelStoreOptions> options, ILogger<UploadUnpacker> log)
{
    /// <summary>Whether this upload has something to unpack.</summary>
    public static bool IsDue(Upload upload) => upload.Unpack && upload.Files is [var only] && ArchiveKinds.Of(only.Path) is not ArchiveKind.None;

    /// <summary>Unpacks it.</summary>
    /// <param name="store">The upload's store, which has the archive assembled.</param>
    /// <param name="upload">Being verified, its archive found as it was sent.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Done when its files are those of the archive now; a failure when the archive is refused for good.</returns>
    /// <exception cref="IOException">The store cannot be used right now; trying again may work.</exception>
    public async Task<Result> UnpackAsync(IModelStore store, Upload upload, CancellationToken cancellation)
    {
        var archive = upload.Files[0];
        var folder = data.Folder("unpacking", upload.Id.ToString("N"));
        try
        {
            IReadOnlyList<UnpackedFile> found;
            await using (var content = await store.OpenReadAsync(archive.ObjectId, cancellation))
            {
                found = await unpacker.UnpackAsync(content, ArchiveKinds.Of(archive.Path), Path.Combine(folder, "files"), cancellation);
            }

            if (await store.FreeBytesAsync(cancellation) is { } free && found.Sum(f => f.Size) + options.Value.ReserveBytes > free)
            {
                throw new StoreFullException("There is no room for the files of the archive.");
            }

            List<(UploadFile File, List<UploadPart> Parts)> files = [];
            foreach (var file in found)
            {
                files.Add(await WriteAsync(store, file, Path.Combine(folder, "files", file.Name), cancellation));
            }

            var replaced = await ReplaceAsync(upload, files, cancellation);
            if (!replaced.Succeeded)
            {
                throw new IOException(replaced.Failure.Message);
            }
        }
        catch (ImportRefusedException exception)
        {
            return Failure.Invalid(exception.Message);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        await DeleteAsync(store, archive, cancellation);
        return Result.Done;
    }

    private static async Task<(UploadFile File, List<UploadPart> Parts)> WriteAsync(IModelStore store, UnpackedFile found, string path, CancellationToken cancellation)
    {
        var id = ObjectIds.Create();
        var begun = await store.BeginAsync(id, found.Size, cancellation);
        var file = new UploadFile
        {
            Id = Guid.NewGuid(),
            Path = found.Path,
            SizeBytes = found.Size,
            PartSizeBytes = begun.PartSizeBytes,
            ObjectId = id,
            StoreToken = begun.Token,
            BrowserSha256 = found.Sha256,
        };
        List<UploadPart> parts = [];
        await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        for (var number = 1; number <= begun.PartCount; number++)
        {
            var range = begun.Part(number);
            await using var part = new PartStream(content, range.Length);
            var written = await store.WritePartAsync(begun, range, part, cancellation);
            parts.Add(new UploadPart { FileId = file.Id, Number = number, SizeBytes = range.Length, Sha256 = written.Sha256, Receipt = written.Receipt });
        }

        return (file, parts);
    }

    private Task<Result> ReplaceAsync(Upload upload, List<(UploadFile File, List<UploadPart> Parts)> files, CancellationToken cancellation) =>
        commands.RunAsSystemAsync("upload.unpack", async (scope, token) =>
        {
            var current = await scope.Db.Uploads.Include(u => u.Files).SingleAsync(u => u.Id == upload.Id, token);
            var replaced = current.ReplaceFiles([.. files.Select(f => f.File)]);
            if (!replaced.Succeeded)
            {
                return replaced;
            }

            scope.Db.UploadParts.AddRange(files.SelectMany(f => f.Parts));
            scope.Audit("upload", upload.Id, upload.ModelName, new { Archive = upload.Files[0].Path }, new { Files = files.Count, UploadedBy = upload.PersonName });
            return Result.Done;
        }, cancellation);

    // What cannot be deleted now is an orphan from here on and is collected.
    private async Task DeleteAsync(IModelStore store, UploadFile archive, CancellationToken cancellation)
    {
        try
        {
            await store.DeleteAsync(archive.ObjectId, cancellation);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.DeleteFailed(archive.ObjectId, exception);
        }
    }
}

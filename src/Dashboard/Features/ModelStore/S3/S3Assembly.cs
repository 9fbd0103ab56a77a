using System.Globalization;
using System.Runtime.CompilerServices;
using Amazon.S3;
using Amazon.S3.Model;

namespace Ops.Dashboard.Features.ModelStore.S3;

/// <summary>Multipart uploads: which there are, which parts they have, and how they become objects.</summary>
internal sealed class S3Assembly(S3Settings settings, IAmazonS3 client, S3Keys keys)
{
    /// <summary>An ETag without the quotes that some servers put around it.</summary>
    public static string Receipt(string? etag) => etag?.Trim('"') ?? "";

    /// <summary>The time that a server gave. One that it did not give counts as just now, so that nothing is collected for want of it.</summary>
    public static DateTimeOffset When(DateTime? time) => time is { } given ? new(given.ToUniversalTime(), TimeSpan.Zero) : DateTimeOffset.MaxValue;

    /// <summary>See <see cref="IModelStore.AssembleAsync"/>.</summary>
    public async Task<bool> AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation)
    {
        if (unfinished.Token is null)
        {
            var size = await SizeAsync(unfinished.ObjectId, cancellation);
            return size == unfinished.SizeBytes ? true : throw Lost([1], unfinished);
        }

        Dictionary<int, StoredPart> stored;
        try
        {
            stored = await ListPartsAsync(unfinished, cancellation).ToDictionaryAsync(p => p.Number, cancellationToken: cancellation);
        }
        catch (FileNotFoundException)
        {
            // Assembled before, maybe by a call whose answer was lost. Otherwise this says that it is not there either.
            return await IsFinishedAsync(unfinished, cancellation) ? true : throw Lost([.. Enumerable.Range(1, unfinished.PartCount)], unfinished);
        }

        var kept = parts.ToDictionary(p => p.Number);
        List<int> lost = [.. Enumerable.Range(1, unfinished.PartCount).Where(number => !Agree(kept.GetValueOrDefault(number), stored.GetValueOrDefault(number)))];
        return lost.Count == 0 ? await CompleteAsync(unfinished, kept, stored, cancellation) : throw Lost(lost, unfinished);
    }

    /// <summary>The parts that the server has, in order.</summary>
    public async IAsyncEnumerable<StoredPart> ListPartsAsync(UnfinishedObject unfinished, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListPartsRequest { BucketName = settings.Bucket, Key = keys.For(unfinished.ObjectId), UploadId = unfinished.Token };
        ListPartsResponse page;
        do
        {
            page = await S3Errors.GuardAsync(settings, () => client.ListPartsAsync(request, cancellation), cancellation);
            foreach (var part in page.Parts ?? [])
            {
                yield return new StoredPart(part.PartNumber ?? 0, part.Size ?? 0, Receipt(part.ETag), Hex(part.ChecksumSHA256));
            }

            request.PartNumberMarker = page.NextPartNumberMarker?.ToString(CultureInfo.InvariantCulture);
        }
        while (page.IsTruncated == true);
    }

    /// <summary>Unfinished uploads whose keys begin like this. Some servers (MinIO) only answer for whole keys.</summary>
    public async IAsyncEnumerable<StoredObject> ListUnfinishedAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListMultipartUploadsRequest { BucketName = settings.Bucket, Prefix = prefix };
        ListMultipartUploadsResponse page;
        do
        {
            page = await S3Errors.GuardAsync(settings, () => client.ListMultipartUploadsAsync(request, cancellation), cancellation);
            foreach (var upload in page.MultipartUploads ?? [])
            {
                if (keys.Read(upload.Key) is { } id)
                {
                    yield return new StoredObject(id, IsComplete: false, 0, When(upload.Initiated), upload.UploadId);
                }
            }

            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
    }

    private static bool Agree(AcknowledgedPart? kept, StoredPart? stored) => kept is not null
        && stored is not null
        && kept.SizeBytes == stored.SizeBytes
        && (kept.Receipt is null || kept.Receipt == stored.Receipt)
        && (stored.Sha256 is null || stored.Sha256 == kept.Sha256);

    private static PartsLostException Lost(List<int> numbers, UnfinishedObject unfinished) =>
        new(numbers, $"The store does not have {numbers.Count} of {unfinished.PartCount} parts as they were acknowledged.");

    private static string? Hex(string? base64)
    {
        Span<byte> bytes = stackalloc byte[32];
        return base64 is not null && Convert.TryFromBase64String(base64, bytes, out var length) && length == bytes.Length ? Convert.ToHexStringLower(bytes) : null;
    }

    private async Task<bool> CompleteAsync(UnfinishedObject unfinished, Dictionary<int, AcknowledgedPart> kept, Dictionary<int, StoredPart> stored, CancellationToken cancellation)
    {
        var request = new CompleteMultipartUploadRequest
        {
            BucketName = settings.Bucket,
            Key = keys.For(unfinished.ObjectId),
            UploadId = unfinished.Token,
            PartETags = [.. Enumerable.Range(1, unfinished.PartCount).Select(number => new PartETag(number, stored[number].Receipt)
            {
                ChecksumSHA256 = settings.LegacySigning ? null : Convert.ToBase64String(Convert.FromHexString(kept[number].Sha256)),
            })],
        };
        try
        {
            await client.CompleteMultipartUploadAsync(request, cancellation);
        }
        catch (AmazonS3Exception exception) when (exception.ErrorCode is "InvalidPart" or "InvalidPartOrder")
        {
            throw Lost([.. Enumerable.Range(1, unfinished.PartCount)], unfinished);
        }
        catch (AmazonS3Exception exception) when (S3Errors.IsMissing(exception))
        {
            // Another try of the same request got through before.
        }

        return await IsFinishedAsync(unfinished, cancellation) ? true : throw Lost([.. Enumerable.Range(1, unfinished.PartCount)], unfinished);
    }

    private async Task<bool> IsFinishedAsync(UnfinishedObject unfinished, CancellationToken cancellation) =>
        await SizeAsync(unfinished.ObjectId, cancellation) == unfinished.SizeBytes;

    private async Task<long> SizeAsync(string objectId, CancellationToken cancellation)
    {
        var request = new GetObjectMetadataRequest { BucketName = settings.Bucket, Key = keys.For(objectId) };
        return (await S3Errors.GuardAsync(settings, () => client.GetObjectMetadataAsync(request, cancellation), cancellation)).ContentLength;
    }
}

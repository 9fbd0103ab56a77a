using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Models;

/// <summary>Copies one file from where the configuration says, checking length and SHA-256 on the way.</summary>
internal sealed class ModelSource(IOptions<RuntimeOptions> options, HttpClient http, TimeProvider time, ILogger<ModelSource> log)
{
    private const int BufferSize = 128 * 1024;
    private const int Attempts = 3;
    private readonly TimeSpan stall = TimeSpan.FromSeconds(options.Value.FetchStallSeconds);

    /// <summary>Fills <paramref name="target"/> with the verified content; a download that breaks is tried again.</summary>
    /// <exception cref="ModelLoadException">The file is missing, unreachable, or not what was declared.</exception>
    public async Task CopyAsync(ModelOptions model, ModelFileOptions file, FileStream target, Action<long> progress, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            var copied = 0L;
            try
            {
                await using var stream = await OpenAsync(model, file, cancellation);
                await CopyVerifiedAsync(model, file, stream, target, n => { copied += n; progress(n); }, cancellation);
                return;
            }
            catch (Exception exception) when (attempt < Attempts && IsTransient(exception, cancellation))
            {
                log.FetchRetried(model.Name, model.Version, file.Path, attempt, exception);
                progress(-copied);
                target.SetLength(0);
                await Task.Delay(TimeSpan.FromSeconds(attempt), time, cancellation);
            }
            catch (Exception exception) when (IsTransient(exception, cancellation) || exception is UnauthorizedAccessException)
            {
                throw new ModelLoadException($"{file.Path} of {model.Name} version {model.Version} could not be fetched.", exception);
            }
        }
    }

    private async Task<Stream> OpenAsync(ModelOptions model, ModelFileOptions file, CancellationToken cancellation)
    {
        var address = new Uri(file.Source);
        if (address.IsFile)
        {
            try
            {
                return new FileStream(address.LocalPath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                throw new ModelLoadException($"{file.Path} of {model.Name} version {model.Version} is not in the model store.", exception);
            }
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(stall);
        var response = await http.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, patience.Token);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var status = response.StatusCode;
            response.Dispose();
            if ((int)status >= 500 || status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
            {
                throw new HttpRequestException($"The source answered {(int)status}.", null, status);
            }

            throw new ModelLoadException($"{file.Path} of {model.Name} version {model.Version} could not be fetched: the source answered {(int)status}.");
        }

        return await response.Content.ReadAsStreamAsync(cancellation);
    }

    private async Task CopyVerifiedAsync(ModelOptions model, ModelFileOptions file, Stream source, FileStream target, Action<long> progress, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        var total = 0L;
        try
        {
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            while (true)
            {
                patience.CancelAfter(stall);
                var read = await source.ReadAsync(buffer, patience.Token);
                if (read == 0)
                {
                    break;
                }

                total += read;
                if (total > file.Size)
                {
                    throw new ModelLoadException($"{file.Path} of {model.Name} version {model.Version} is longer than the {file.Size} bytes it should have.");
                }

                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
                progress(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (total != file.Size)
        {
            throw new ModelLoadException($"{file.Path} of {model.Name} version {model.Version} has {total} bytes instead of {file.Size}.");
        }

        if (!Convert.ToHexString(hash.GetHashAndReset()).Equals(file.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw new ModelLoadException($"{file.Path} of {model.Name} version {model.Version} does not match its SHA-256. It was changed or damaged and is not loaded.");
        }
    }

    /// <summary>Broken connections, server trouble and stalls may pass; our own cancellation does not count.</summary>
    private static bool IsTransient(Exception exception, CancellationToken cancellation) =>
        exception is HttpRequestException or IOException
        || (exception is OperationCanceledException && !cancellation.IsCancellationRequested);
}

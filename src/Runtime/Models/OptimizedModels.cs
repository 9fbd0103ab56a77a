using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using System.Text;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Models;

/// <summary>
/// Keeps optimized models beside the verified files they were made from, in <c>&lt;digest&gt;/.optimized/</c>. A file's name
/// is <c>&lt;key&gt;-&lt;SHA-256 of its content&gt;.onnx</c>: what does not hash to its name is removed and never loaded, and
/// a rename puts content and hash in place in one step. That guards against damage and against whoever can change a file,
/// not against whoever can add files to the cache folder, to which nobody but this user may have access.
/// </summary>
internal sealed class OptimizedModels(OrtEnvironment environment, ILogger<OptimizedModels> log)
{
    /// <summary>Larger models are left alone: the engine cannot write one file of 2 GiB or more.</summary>
    public const long LargestModel = int.MaxValue;

    private const int KeptPerVersion = 8;
    private const int KeyLength = 32;
    private const int HashLength = 64;

    /// <summary>What a killed process left half-written is removed after this long.</summary>
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    /// <summary>Loads the optimized form of a model, or the model itself, keeping its optimized form for the next time.</summary>
    /// <param name="name">The model's name, for the log.</param>
    /// <param name="version">Its version, for the log.</param>
    /// <param name="folder">The version's folder in the cache.</param>
    /// <param name="path">The verified model. It must not store tensors in other files.</param>
    /// <param name="sha256">Its hash.</param>
    /// <param name="settings">How it runs.</param>
    /// <returns>The session.</returns>
    /// <exception cref="OrtException">The model cannot be loaded, optimized or not.</exception>
    public OrtSession Open(string name, string version, string folder, string path, string sha256, OrtSessionSettings settings)
    {
        var kept = new DirectoryInfo(Path.Combine(folder, ModelFilePath.Reserved));
        var key = Key(sha256, settings);
        try
        {
            if (Find(kept, key, settings, name, version) is { } session)
            {
                return session;
            }

            return OpenAndKeep(kept, key, path, settings, name, version);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            log.OptimizedCacheUnusable(name, version, exception);
            return OrtSession.Load(environment, path, settings);
        }
    }

    /// <summary>Everything an optimized model depends on: the model, the engine, how it was asked to optimize, and the
    /// processor, since it may hold layouts made for its vector width.</summary>
    internal static string Key(string sha256, OrtSessionSettings settings)
    {
        var text = string.Join(
            '\n',
            sha256.ToLowerInvariant(),
            OrtLibrary.Version,
            settings.GraphOptimization,
            settings.ParallelOperators,
            string.Join(',', settings.FreeDimensions.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Key}={d.Value}")),
            ProcessorLevel());
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..KeyLength];
    }

    private OrtSession? Find(DirectoryInfo kept, string key, OrtSessionSettings settings, string name, string version)
    {
        if (!kept.Exists || kept.LinkTarget is not null)
        {
            return null;
        }

        foreach (var file in kept.EnumerateFiles(key + "-*.onnx"))
        {
            if (!IsIntact(file, key))
            {
                log.OptimizedRejected(name, version, file.Name);
                file.Delete();
                continue;
            }

            try
            {
                OnnxReferences.Check(file.FullName, file.Name, []);
                var session = OrtSession.Load(environment, file.FullName, settings with { GraphOptimization = OrtGraphOptimization.Disabled });
                log.OptimizedReused(name, version);
                return session;
            }
            catch (Exception exception) when (exception is OrtException or ModelLoadException)
            {
                log.OptimizedUnloadable(name, version, file.Name, exception);
                file.Delete();
            }
        }

        return null;
    }

    private OrtSession OpenAndKeep(DirectoryInfo kept, string key, string path, OrtSessionSettings settings, string name, string version)
    {
        kept.Create();
        kept.Refresh();
        if (kept.LinkTarget is not null)
        {
            throw new IOException($"{kept.FullName} is a symbolic link.");
        }

        var temporary = Path.Combine(kept.FullName, Guid.NewGuid().ToString("N") + ".tmp");
        try
        {
            OrtSession session;
            try
            {
                session = OrtSession.Load(environment, path, settings with { OptimizedPath = temporary });
            }
            catch (OrtException exception)
            {
                // Either the model cannot be loaded, which the next line finds again, or its optimized form cannot be written.
                session = OrtSession.Load(environment, path, settings);
                log.OptimizedNotKept(name, version, exception);
                return session;
            }

            try
            {
                File.Move(temporary, Path.Combine(kept.FullName, $"{key}-{Hash(new FileInfo(temporary))}.onnx"), overwrite: true);
                Prune(kept);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                log.OptimizedNotKept(name, version, exception);
            }

            return session;
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static bool IsIntact(FileInfo file, string key) =>
        file.LinkTarget is null
        && file.Length <= LargestModel
        && file.Name.Length == key.Length + 1 + HashLength + ".onnx".Length
        && file.Name.AsSpan(key.Length + 1, HashLength).SequenceEqual(Hash(file));

    private static string Hash(FileInfo file)
    {
        using var stream = file.OpenRead();
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Other versions of the engine and other options leave files that nobody may ever ask for again.</summary>
    private static void Prune(DirectoryInfo kept)
    {
        foreach (var file in kept.EnumerateFiles("*.onnx").OrderByDescending(f => f.LastWriteTimeUtc).Skip(KeptPerVersion))
        {
            file.Delete();
        }

        var newest = kept.EnumerateFiles().Max(f => f.LastWriteTimeUtc);
        foreach (var leftover in kept.EnumerateFiles("*.tmp").Where(f => f.LastWriteTimeUtc < newest - LeftoverAge))
        {
            leftover.Delete();
        }
    }

    private static string ProcessorLevel()
    {
        (string Name, bool Has)[] features =
        [
            ("sse41", Sse41.IsSupported), ("avx", Avx.IsSupported), ("avx2", Avx2.IsSupported), ("fma", Fma.IsSupported),
            ("avxvnni", AvxVnni.IsSupported), ("avx512f", Avx512F.IsSupported), ("avx512bw", Avx512BW.IsSupported),
            ("avx10v1", Avx10v1.IsSupported), ("advsimd", AdvSimd.IsSupported), ("dp", Dp.IsSupported),
        ];
        return string.Join(',', features.Where(f => f.Has).Select(f => f.Name));
    }
}

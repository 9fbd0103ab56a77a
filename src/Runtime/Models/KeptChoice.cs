using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ops.Runtime.Configuration;
using Ops.Runtime.OnnxRuntime;

namespace Ops.Runtime.Models;

/// <summary>
/// The <see cref="RunThreading"/> that was measured for a version, kept beside its optimized model under the same key and what
/// else it depends on. What cannot be read or written is measured again.
/// </summary>
internal sealed class KeptChoice
{
    private const string Extension = ".threads";
    private const int MostBytes = 512;
    private const int KeptPerVersion = 8;

    /// <summary>The first character of what is kept, by <see cref="RunThreadUse"/>.</summary>
    private const string Uses = "n1a";

    private readonly DirectoryInfo folder;
    private readonly string? file;

    /// <param name="folder">The version's folder in the cache.</param>
    /// <param name="key">The optimized model's key; null when nothing is to be kept.</param>
    /// <param name="execution">Shapes of the warm-up.</param>
    /// <param name="threads">The shared threads.</param>
    /// <param name="instances">Runs at the same time.</param>
    public KeptChoice(string folder, string? key, ExecutionSettings execution, int threads, int instances)
    {
        this.folder = new DirectoryInfo(Path.Combine(folder, ModelFilePath.Reserved));
        if (key is not null)
        {
            var shapes = execution.WarmUpShapes.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}={string.Join('x', s.Value)}");
            var text = string.Create(CultureInfo.InvariantCulture, $"{key}\n{threads}\n{instances}\n{execution.Arena}\n{string.Join('\n', shapes)}");
            file = Path.Combine(this.folder.FullName, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32] + Extension);
        }
    }

    /// <summary>What was kept; null when there is nothing that can be used.</summary>
    public RunThreading? Read()
    {
        try
        {
            if (file is null || folder.LinkTarget is not null || new FileInfo(file) is not { Exists: true, LinkTarget: null, Length: > 1 and <= MostBytes })
            {
                return null;
            }

            var text = File.ReadAllText(file);
            return Uses.IndexOf(text[0]) is >= 0 and var use ? new RunThreading((RunThreadUse)use, text[1..]) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Keeps a choice.</summary>
    public void Write(RunThreading threading)
    {
        folder.Refresh();
        if (file is null || !folder.Exists || folder.LinkTarget is not null)
        {
            return;
        }

        var temporary = Path.Combine(folder.FullName, Guid.NewGuid().ToString("N") + ".tmp");
        try
        {
            File.WriteAllText(temporary, Uses[(int)threading.Use] + threading.Reason);
            File.Move(temporary, file, overwrite: true);
            foreach (var old in folder.EnumerateFiles("*" + Extension).OrderByDescending(f => f.LastWriteTimeUtc).Skip(KeptPerVersion))
            {
                old.Delete();
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Another process may do the same at the same time; the next load measures again.
            File.Delete(temporary);
        }
    }
}

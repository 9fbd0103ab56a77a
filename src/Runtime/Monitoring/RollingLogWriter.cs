using System.Text;

namespace Ops.Runtime.Monitoring;

/// <summary>Writes text to a file that never grows beyond a limit: then the file becomes <c>.1</c> and a new one begins.
/// Losing log lines to a full disk does not stop the process.</summary>
internal sealed class RollingLogWriter : IDisposable
{
    private const long MaxBytes = 16 * 1024 * 1024;
    private readonly Lock gate = new();
    private readonly string path;
    private readonly long maxBytes;
    private FileStream file;

    /// <param name="path">The file; its folder is created.</param>
    /// <param name="maxBytes">The limit.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public RollingLogWriter(string path, long maxBytes = MaxBytes)
    {
        this.path = path;
        this.maxBytes = maxBytes;
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        file = Open();
    }

    /// <summary>Appends text.</summary>
    public void Write(string text)
    {
        lock (gate)
        {
            try
            {
                if (file.Length >= maxBytes)
                {
                    Roll();
                }

                file.Write(Encoding.UTF8.GetBytes(text));
                file.Flush();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                Console.Error.WriteLine($"A log line is lost: {exception.Message}");
            }
        }
    }

    public void Dispose() => file.Dispose();

    private void Roll()
    {
        file.Dispose();
        try
        {
            File.Move(path, path + ".1", overwrite: true);
        }
        finally
        {
            file = Open();
        }
    }

    private FileStream Open() => new(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
}

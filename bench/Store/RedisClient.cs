using System.Net.Sockets;
using System.Text;

namespace ActorInference.Bench.Store;

/// <summary>As much of Redis's protocol as values need: pipelined SET and GET, straight out of and into the caller's memory.</summary>
internal sealed class RedisClient : IDisposable
{
    private static readonly byte[] End = "\r\n"u8.ToArray();

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[64 << 10];
    private int _read;
    private int _length;

    public static async Task<RedisClient> ConnectAsync(int port)
    {
        var client = new RedisClient();
        await client._socket.ConnectAsync("127.0.0.1", port);
        return client;
    }

    public async Task SetAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Value)> values)
    {
        var sending = SendAsync(values);
        for (var i = 0; i < values.Count; i++)
        {
            if (await LineAsync() is not "+OK" and var answer) throw new IOException($"Redis answers {answer}.");
        }

        await sending;
    }

    public async Task GetAsync(IReadOnlyList<(string Key, Memory<byte> Target)> values)
    {
        var question = new StringBuilder();
        foreach (var (key, _) in values) question.Append($"*2\r\n$3\r\nGET\r\n${key.Length}\r\n{key}\r\n");
        await SendAllAsync(Encoding.ASCII.GetBytes(question.ToString()));
        foreach (var (_, target) in values)
        {
            if (await LineAsync() is var head && head != $"${target.Length}") throw new IOException($"Redis answers {head}.");
            await ReceiveAllAsync(target);
            await LineAsync();
        }
    }

    public async Task FlushAsync()
    {
        await SendAllAsync("*1\r\n$8\r\nFLUSHALL\r\n"u8.ToArray());
        await LineAsync();
    }

    public void Dispose() => _socket.Dispose();

    private async Task SendAsync(IReadOnlyList<(string Key, ReadOnlyMemory<byte> Value)> values)
    {
        foreach (var (key, value) in values)
        {
            await SendAllAsync(Encoding.ASCII.GetBytes($"*3\r\n$3\r\nSET\r\n${key.Length}\r\n{key}\r\n${value.Length}\r\n"));
            await SendAllAsync(value);
            await SendAllAsync(End);
        }
    }

    private async Task SendAllAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await _socket.SendAsync(bytes)..];
    }

    private async Task<string> LineAsync()
    {
        var line = new StringBuilder();
        while (true)
        {
            if (_read == _length) await FillAsync();
            var letter = (char)_buffer[_read++];
            if (letter == '\n') return line.ToString(0, line.Length - 1);
            line.Append(letter);
        }
    }

    private async Task ReceiveAllAsync(Memory<byte> target)
    {
        var buffered = Math.Min(target.Length, _length - _read);
        _buffer.AsSpan(_read, buffered).CopyTo(target.Span);
        _read += buffered;
        target = target[buffered..];
        while (target.Length > 0)
        {
            var received = await _socket.ReceiveAsync(target);
            if (received == 0) throw new IOException("Redis closed the connection.");
            target = target[received..];
        }
    }

    private async Task FillAsync()
    {
        (_read, _length) = (0, await _socket.ReceiveAsync(_buffer));
        if (_length == 0) throw new IOException("Redis closed the connection.");
    }
}

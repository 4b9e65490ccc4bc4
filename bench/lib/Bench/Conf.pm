package Bench::Conf;

# The texts of the configurations: the upstream, and the contenders. Each
# contender sends the same request with the same headers upstream, on kept
# connections, by one process.

use strict;
use warnings;

use constant {
    KEYS     => 100,
    PROJECTS => 50,
    MODEL    => 'gemini-3.8-flash',
};

my @models = (MODEL, 'gemini-3.5-flash-lite', map { "gemini-2.$_-flash" }
                                                  1 .. 8);
my $modules = $ENV{BENCH_NGINX_MODULES} // '/usr/lib/nginx/modules';


sub secret { sprintf('bench-key-%04d', $_[0]) }


# every fifth key: 20 of 100, both keys of a project
sub refused { int($_[0] % PROJECTS) % 5 == 0 }


# what all nginx have before http{}
sub main {
    my (%opt) = @_;
    my $user = $> == 0 ? "user root root;\n" : '';

    my $modules = join('', map { "load_module $_;\n" } @{ $opt{modules} });

    return <<"END";
${modules}${user}worker_processes 1;
worker_rlimit_nofile 20000;
error_log $opt{dir}/error.log notice;
pid $opt{dir}/nginx.pid;
events { worker_connections 10000; }
END
}


sub nginx {
    my ($opt, $http) = @_;
    my $client = $opt->{client}
        // 'client_max_body_size 128m; client_body_buffer_size 256k; '
           . 'large_client_header_buffers 4 16k;';

    return main(dir => $opt->{dir}, modules => $opt->{modules} // [])
           . <<"END";
http {
    $client
    access_log off;
    keepalive_requests 100000000;
    keepalive_timeout 600s;
    tcp_nodelay on;
    client_body_temp_path $opt->{dir}/body;
    proxy_temp_path $opt->{dir}/proxy;
    fastcgi_temp_path $opt->{dir}/fastcgi;
    uwsgi_temp_path $opt->{dir}/uwsgi;
    scgi_temp_path $opt->{dir}/scgi;
$http
}
END
}


sub lua { ["$modules/ndk_http_module.so", "$modules/ngx_http_lua_module.so"] }


# the upstream group, and what a location that proxies to it has
sub group {
    my ($opt) = @_;

    return <<"END";
    upstream gemini_api {
        server 127.0.0.1:$opt->{upstream} max_fails=0;
        keepalive 128;
        keepalive_requests 100000000;
        keepalive_timeout 600s;
    }
END
}


sub proxy {
    my ($opt, $next) = @_;
    my $scheme = $opt->{tls} ? 'https' : 'http';
    my $text = Bench::Proc::read_file("$opt->{root}/conf/gemini_proxy.conf");

    # the CA of this run
    $text =~ s{/etc/ssl/certs/ca-certificates\.crt}{$opt->{ca}};

    if ($next) {
        $text =~ s/^proxy_intercept_errors.*\n//m;
        $text .= "proxy_intercept_errors on;\nerror_page 429 = $next;\n";
    }

    my $name = 'proxy' . ($next // '') . '.conf';
    Bench::Proc::write_file("$opt->{dir}/$name", $text);

    return <<"END";
            proxy_pass $scheme://gemini_api;
            include $opt->{dir}/$name;
END
}


sub keyed {
    my ($value) = @_;

    return <<"END";
            proxy_set_header Accept-Encoding identity;
            proxy_set_header x-goog-api-key $value;
END
}


# plain nginx, one key that is never refused
sub plain {
    my ($opt) = @_;
    my $proxy = proxy($opt) . keyed(secret(1));

    return nginx($opt, group($opt) . <<"END");
    server {
        listen 127.0.0.1:$opt->{port};
        location / {
$proxy        }
    }
END
}


# the location of the next attempt, of five
sub follower {
    my ($try) = @_;

    return $try < 5 ? '@try' . ($try + 1) : undef;
}


# plain nginx that draws another key for each attempt
sub failover {
    my ($opt) = @_;
    my $share = sprintf('%.2f%%', 100 / KEYS);
    my $conf = group($opt);

    for my $try (1 .. 5) {
        $conf .= "    split_clients \"$try-\$connection-\$connection_requests"
                 . "-\$msec\" \$key$try {\n";
        $conf .= "        $share " . secret($_) . ";\n" for 1 .. KEYS - 1;
        $conf .= '        * ' . secret(0) . ";\n    }\n";
    }

    $conf .= <<"END";
    server {
        listen 127.0.0.1:$opt->{port};
        recursive_error_pages on;
END

    for my $try (1 .. 5) {
        my $name = $try == 1 ? '/' : "\@try$try";

        $conf .= "        location $name {\n" . proxy($opt, follower($try))
                 . keyed("\$key$try") . "        }\n";
    }

    return nginx($opt, "$conf    }\n");
}


# a rotator in Lua: the next key that does not rest; a 429 makes it rest
sub rotator {
    my ($opt) = @_;
    my $rests = $opt->{norest} ? 'false' : 'true';
    my $keys = join(', ', map { '"' . secret($_) . '"' } 0 .. KEYS - 1);
    my $conf = group($opt) . <<"END";
    lua_shared_dict rotator 1m;

    init_by_lua_block {
        local keys = { $keys }
        local rests = $rests
        local shared = ngx.shared.rotator

        function rotate(again)
            local var = ngx.var

            if again and rests then
                local ttl = tonumber(var.upstream_http_retry_after) or 30
                shared:set("rest-" .. var.key, true, ttl)
            end

            local n = shared:incr("next", 1, 0)

            for i = 1, #keys do
                local key = keys[(n + i) % #keys + 1]
                if not rests or not shared:get("rest-" .. key) then
                    var.key = key
                    return
                end
            end

            return ngx.exit(503)
        end
    }

    server {
        listen 127.0.0.1:$opt->{port};
        recursive_error_pages on;
END

    for my $try (1 .. 5) {
        my $name = $try == 1 ? '/' : "\@try$try";
        my $again = $try == 1 ? '' : 'true';

        $conf .= "        location $name {\n"
                 . ($try == 1 ? "            set \$key '';\n" : '')
                 . "            access_by_lua_block { rotate($again) }\n"
                 . proxy($opt, follower($try)) . keyed('$key')
                 . "        }\n";
    }

    return nginx({ %$opt, modules => lua() }, "$conf    }\n");
}


# ours, with every feature on
sub ours {
    my ($opt) = @_;
    my $keys = $opt->{keys} // KEYS;
    my $projects = $opt->{projects} // PROJECTS;
    my @names = $opt->{models} ? map { "bench-model-$_" } 1 .. $opt->{models}
                               : @models;
    my $pool = join('', map {
        "        key " . secret($_) . " name=key$_ project=project"
            . ($_ % $projects) . ";\n"
    } 0 .. $keys - 1);

    $pool .= join('', map {
        "        model $_ rpm=1m tpm=1000m rpd=1000m;\n"
    } @names);

    $pool .= "        alias gpt-4o-mini $names[0];\n";
    $pool .= "        state $opt->{dir}/state.json;\n" if !$opt->{stateless};

    my $proxy = proxy($opt);

    return nginx({ %$opt, modules => [$opt->{module}],
                   client => "include $opt->{root}/conf/gemini_client.conf;" },
                 group($opt) . <<"END");
    gemini_pool main {
$pool    }
    server {
        listen 127.0.0.1:$opt->{port};
        gemini_error on;
        location / { gemini_pass main /gemini-upstream; }
        location = /gemini-upstream {
            internal;
$proxy        }
        location /gemini/status { gemini_status main; }
    }
END
}


sub haproxy {
    my ($opt) = @_;
    my $key = secret(1);

    return <<"END";
global
    nbthread 1
    maxconn 4000
    no log

defaults
    mode http
    no log
    maxconn 4000
    option http-keep-alive
    option http-no-delay
    option abortonclose
    http-reuse always
    timeout client 600s
    timeout server 600s
    timeout connect 5s
    timeout http-keep-alive 600s

frontend clients
    bind 127.0.0.1:$opt->{port}
    http-request set-header Host generativelanguage.googleapis.com
    http-request set-header Accept-Encoding identity
    http-request set-header x-goog-api-key $key
    default_backend gemini_api

backend gemini_api
    server gemini 127.0.0.1:$opt->{upstream} pool-max-conn 128
END
}


# Google in small: one answer for all, another by x-bench, 429 by the key
sub upstream {
    my ($opt) = @_;
    my $refused = join(' ', map { secret($_) . ' 1;' }
                            grep { refused($_) } 0 .. KEYS - 1);
    my $headers = <<'END';
        default_type application/json;
        add_header Vary Origin;
        add_header Vary X-Origin;
        add_header X-XSS-Protection 0;
        add_header X-Frame-Options SAMEORIGIN;
        add_header X-Content-Type-Options nosniff;
        add_header Server-Timing "gfet4t7; dur=642";
END
    my $answer = small();
    my $refusal = refusal();
    my $server = <<"END";
        location = /status { stub_status; }

        location / {
            if (\$http_x_bench) { rewrite ^ /\$http_x_bench last; }
            return 200 '$answer';
        }

        location ~ \\.json\$ {
            root $opt->{dir};
            open_file_cache max=10 inactive=600s;
            open_file_cache_valid 600s;
            error_page 405 =200 \$uri;
        }

        location = /whole {
            client_body_buffer_size 16m;
            content_by_lua_block {
                ngx.req.read_body()
                ngx.header.content_length = 4
                ngx.print("{}\\r\\n")
            }
        }
END
    my $refuses = <<"END";
        location = /status { stub_status; }

        location / {
            if (\$refused) {
                add_header Retry-After 30 always;
                return 429 '$refusal';
            }
            return 200 '$answer';
        }
END

    return nginx({ %$opt, modules => lua() }, <<"END");
    map \$http_x_goog_api_key \$refused { default ''; $refused }
    sendfile on;
    tcp_nopush on;
    server_tokens off;

    server {
        listen 127.0.0.1:$opt->{port};
$headers$server    }

    server {
        listen 127.0.0.1:$opt->{refusing};
$headers$refuses    }

    server {
        listen 127.0.0.1:$opt->{tls_port} ssl;
        ssl_certificate $opt->{tls}/cert.pem;
        ssl_certificate_key $opt->{tls}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:SSL:8m;
$headers$refuses    }
END
}


# 1.5 KB, as a short answer of Google's is
sub small {
    my $text = join(' ', ('Rotating keys share the quota of their project.')
                         x 21);

    return <<"END";
{
  "candidates": [
    {
      "content": {
        "parts": [
          {
            "text": "$text"
          }
        ],
        "role": "model"
      },
      "finishReason": "STOP",
      "index": 0
    }
  ],
  "usageMetadata": {
    "promptTokenCount": 8,
    "candidatesTokenCount": 231,
    "totalTokenCount": 412,
    "promptTokensDetails": [
      {
        "modality": "TEXT",
        "tokenCount": 8
      }
    ],
    "thoughtsTokenCount": 173
  },
  "modelVersion": "gemini-3.8-flash",
  "responseId": "Yk4KabWnFqOxvdIPqKaM2AI"
}
END
}


# a minute's quota of the project, as Google words it
sub refusal {
    my $text = <<'END';
{
  "error": {
    "code": 429,
    "message": "You exceeded your current quota, please check your plan and billing details. Please retry in 30.5s.",
    "status": "RESOURCE_EXHAUSTED",
    "details": [
      {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [
          {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "quotaDimensions": {
              "location": "global",
              "model": "gemini-3.8-flash"
            },
            "quotaValue": "10"
          }
        ]
      },
      {
        "@type": "type.googleapis.com/google.rpc.RetryInfo",
        "retryDelay": "30s"
      }
    ]
  }
}
END

    return $text;
}


1;

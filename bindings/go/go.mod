module libhttpcache/httpcache

go 1.19
